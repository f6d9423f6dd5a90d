UPDATE bookings SET status = 'CONFIRMED', confirmed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), hold_expires_at = NULL
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint)) AND status = 'PENDING'
RETURNING id, event_id
-- takes: @ids[0], @ids[1]
