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
WHERE
  b.status = 'CONFIRMED'
  AND (
    COALESCE(paid.payments, 0) <> CASE WHEN b.total > 0 THEN 1 ELSE 0 END
    OR COALESCE(paid.amount, 0) <> b.total
  )
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @limit
