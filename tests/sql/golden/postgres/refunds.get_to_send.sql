SELECT
  r.id,
  r.reference,
  r.amount,
  r.currency,
  p.gateway_reference
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
WHERE
  r.id = CAST(? AS bigint) AND r.status = 'PENDING'
-- takes: @id
