UPDATE payments SET user_id = CAST(? AS bigint)
WHERE
  booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @user_id, @booking_ids[0], @booking_ids[1]
