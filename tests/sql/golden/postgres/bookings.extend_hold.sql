UPDATE bookings SET hold_expires_at = CAST(? AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'PENDING' AND hold_expires_at < CAST(? AS timestamp(3))
-- takes: @until, @id, @until
