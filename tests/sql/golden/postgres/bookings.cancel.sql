UPDATE bookings SET status = 'CANCELLED', cancelled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), cancel_reason = CAST(? AS varchar), hold_expires_at = NULL
WHERE
  id = CAST(? AS bigint) AND status IN ('PENDING', 'CONFIRMED')
RETURNING event_id, total
-- takes: @reason, @id
