SELECT
  booking_id
FROM payments
WHERE
  id = CAST(? AS bigint)
-- takes: @id
