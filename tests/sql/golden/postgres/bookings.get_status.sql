SELECT
  status
FROM bookings
WHERE
  id = CAST(? AS bigint) AND user_id = CAST(? AS bigint)
-- takes: @id, @user_id
