SELECT
  id
FROM bookings
WHERE
  reference = CAST(? AS varchar) AND user_id = CAST(? AS bigint)
-- takes: @reference, @user_id
