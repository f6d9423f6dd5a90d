SELECT
  id,
  status
FROM refunds
WHERE
  status IN ('PENDING', 'FAILED')
  AND retry_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    status = 'PENDING' OR attempts < CAST(? AS integer)
  )
ORDER BY
  retry_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @max_attempts, @limit
