SELECT
  id,
  booking_id
FROM payments
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @ids[0], @ids[1]
