SELECT
  p.id,
  p.user_id,
  p.amount,
  p.currency,
  p.refund_claimed,
  p.booking_id,
  b.event_id
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
  AND (
    p.id = CAST(? AS bigint) OR p.booking_id = CAST(? AS bigint)
  )
-- takes: @payment_id, @booking_id
