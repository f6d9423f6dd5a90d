UPDATE bookings SET status = 'EXPIRED', confirmed_at = NULL
WHERE
  id = CAST(? AS bigint) AND status = 'CONFIRMED'
-- takes: @id
