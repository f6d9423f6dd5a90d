SELECT
  p.id,
  p.booking_id,
  b.status,
  p.amount,
  p.refund_claimed,
  b.refund_due
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
  AND (
    (
      b.status = 'CANCELLED' AND p.refund_claimed < COALESCE(b.refund_due, p.amount)
    )
    OR (
      b.status IN ('PENDING', 'EXPIRED') AND p.refund_claimed < p.amount
    )
    OR (
      b.status = 'CONFIRMED'
      AND p.refund_claimed < (
        SELECT
          SUM(bl.refund_due)
        FROM booking_lines AS bl
        WHERE
          bl.booking_id = b.id
      )
    )
  )
  OR (
    p.status = 'RETURNED' AND p.refund_claimed < p.amount
  )
ORDER BY
  p.id
LIMIT CAST(? AS integer)
-- takes: @limit
