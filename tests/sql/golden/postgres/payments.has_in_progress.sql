SELECT
  COUNT(*) AS processing
FROM payments
WHERE
  booking_id = CAST(? AS bigint) AND status = 'PROCESSING' AND pending_until IS NULL
-- takes: @booking_id
