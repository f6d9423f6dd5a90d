UPDATE bookings SET status = 'PENDING'
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
RETURNING event_id, total, currency
-- takes: @id, @user_id
