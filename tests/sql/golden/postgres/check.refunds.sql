SELECT
  p.id,
  p.status,
  p.amount,
  p.refund_claimed,
  p.refunded
FROM payments AS p
LEFT JOIN (
  SELECT
    payment_id,
    SUM(amount) AS claimed,
    SUM(CASE WHEN status = 'SUCCEEDED' THEN amount ELSE 0 END) AS made
  FROM refunds
  GROUP BY
    payment_id
) AS sums
  ON sums.payment_id = p.id
WHERE
  p.refund_claimed <> COALESCE(sums.claimed, 0)
  OR p.refunded <> COALESCE(sums.made, 0)
  OR p.refund_claimed > p.amount
  OR (
    p.refunded > 0
    AND p.status <> CASE WHEN p.refunded = p.amount THEN 'REFUNDED' ELSE 'PARTIALLY_REFUNDED' END
  )
  OR (
    p.refunded = 0 AND p.status IN ('REFUNDED', 'PARTIALLY_REFUNDED')
  )
ORDER BY
  p.id
LIMIT CAST(? AS integer)
-- takes: @limit
