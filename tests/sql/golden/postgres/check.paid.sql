SELECT
  b.id,
  b.total,
  COALESCE(paid.payments, 0) AS payments
FROM bookings AS b
LEFT JOIN (
  SELECT
    booking_id,
    COUNT(*) AS payments,
    SUM(amount) AS amount
  FROM payments
  WHERE
    status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED') AND refund_claimed < amount
  GROUP BY
    booking_id
) AS paid
  ON paid.booking_id = b.id
LEFT JOIN (
  SELECT
    booking_id,
    SUM((
      quantity - cancelled
    ) * unit_price) AS worth
  FROM booking_lines
  GROUP BY
    booking_id
) AS live
  ON live.booking_id = b.id
WHERE
  b.status = 'CONFIRMED'
  AND (
    COALESCE(paid.payments, 0) > 1
    OR (
      COALESCE(live.worth, 0) > 0 AND COALESCE(paid.payments, 0) <> 1
    )
    OR COALESCE(paid.amount, b.total) <> b.total
    OR (
      b.total = 0 AND paid.payments > 0
    )
  )
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @limit
