UPDATE tickets SET status = 'CANCELLED'
WHERE
  booking_id = CAST(? AS bigint) AND status = 'VALID'
-- takes: @booking_id
