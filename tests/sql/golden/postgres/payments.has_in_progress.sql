SELECT
  COUNT(*) AS processing
FROM payments
WHERE
  booking_id = CAST(? AS bigint) AND status = 'PROCESSING'
-- takes: @booking_id
