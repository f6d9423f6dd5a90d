UPDATE bookings SET status = 'EXPIRED', hold_expires_at = NULL, expired_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND hold_expires_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
RETURNING event_id, user_id
-- takes: @id
