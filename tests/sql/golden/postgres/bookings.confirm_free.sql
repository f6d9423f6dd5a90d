UPDATE bookings SET status = 'CONFIRMED', confirmed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), hold_expires_at = NULL
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND total = 0
  AND hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
RETURNING event_id
-- takes: @id, @user_id
