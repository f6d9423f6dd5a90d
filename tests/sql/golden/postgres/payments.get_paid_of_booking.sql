SELECT
  amount,
  refund_claimed
FROM payments
WHERE
  booking_id = CAST(? AS bigint) AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
ORDER BY
  id DESC
LIMIT 1
-- takes: @booking_id
