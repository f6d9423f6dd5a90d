SELECT
  r.reference,
  CASE WHEN r.gateway_reference = 'by_hand' THEN 'FAILED' ELSE r.status END AS status,
  r.amount,
  r.currency
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
WHERE
  CAST(? AS integer) = 0
  OR p.created_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (1 - CAST(? AS integer)) * INTERVAL '1 day')
-- takes: @days, @days
