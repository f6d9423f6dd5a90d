SELECT
  b.id,
  b.total,
  COALESCE(paid.payments, 0) AS payments
FROM bookings AS b INNER JOIN LATERAL (
  SELECT
    COUNT(*) AS payments,
    SUM(p.amount) AS amount
  FROM payments AS p
  WHERE
    p.booking_id = b.id
    AND p.refund_claimed < p.amount
    AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
) AS paid ON TRUE INNER JOIN LATERAL (
  SELECT
    SUM((
      bl.quantity - bl.cancelled
    ) * bl.unit_price) AS worth
  FROM booking_lines AS bl
  WHERE
    bl.booking_id = b.id
) AS live ON TRUE
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
