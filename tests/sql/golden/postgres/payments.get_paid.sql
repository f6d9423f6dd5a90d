SELECT
  id,
  amount,
  currency,
  refund_claimed
FROM payments
WHERE
  booking_id = CAST(? AS bigint) AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
-- takes: @booking_id
