SELECT
  'payments' AS of_table,
  t.id,
  t.currency,
  t.amount
FROM payments AS t
LEFT JOIN JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS c(code varchar, exponent integer)
  ON c.code = t.currency
WHERE
  c.code IS NULL
  OR (
    c.exponent = 0 AND t.amount % 1 <> 0
  )
  OR (
    c.exponent = 2 AND t.amount * 100 % 1 <> 0
  )
ORDER BY
  t.id
LIMIT CAST(? AS integer)
-- takes: @currencies, @limit
