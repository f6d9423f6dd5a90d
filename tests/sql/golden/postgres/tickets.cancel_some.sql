UPDATE tickets SET status = 'CANCELLED'
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint)) AND booking_id = CAST(? AS bigint) AND status = 'VALID'
-- takes: @ids[0], @ids[1], @booking_id
