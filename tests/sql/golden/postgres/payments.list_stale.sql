SELECT
  id,
  reference,
  amount,
  currency
FROM payments
WHERE
  status = 'PROCESSING'
  AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND id > CAST(? AS bigint)
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @seconds, @after, @limit
