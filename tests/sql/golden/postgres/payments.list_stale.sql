SELECT
  id,
  reference,
  amount,
  currency
FROM payments
WHERE
  status = 'PROCESSING'
  AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
ORDER BY
  created_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @seconds, @limit
