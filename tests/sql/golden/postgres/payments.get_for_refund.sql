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
ORDER BY
  CASE WHEN p.status = 'REFUNDED' THEN 1 ELSE 0 END NULLS FIRST,
  p.id DESC
LIMIT 1
-- takes: @payment_id, @booking_id
