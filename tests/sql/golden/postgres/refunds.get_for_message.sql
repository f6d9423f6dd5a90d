SELECT
  r.amount,
  p.booking_id
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
WHERE
  r.id = CAST(? AS bigint)
-- takes: @id
