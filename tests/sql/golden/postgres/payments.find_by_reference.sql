SELECT
  id
FROM payments
WHERE
  reference = CAST(? AS varchar)
-- takes: @reference
