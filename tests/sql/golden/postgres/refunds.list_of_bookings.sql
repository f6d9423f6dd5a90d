SELECT
  r.id,
  p.booking_id,
  r.payment_id,
  r.amount,
  r.status
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
WHERE
  p.booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  r.id
-- takes: @booking_ids[0], @booking_ids[1]
