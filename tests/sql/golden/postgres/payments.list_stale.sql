SELECT
  id,
  reference,
  amount,
  currency
FROM payments
WHERE
  status = 'PROCESSING'
  AND id > CAST(? AS bigint)
  AND (
    COALESCE(pending_until, (created_at + CAST(? AS integer) * INTERVAL '1 second')) <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    OR (
      pending_until IS NULL AND claimed_by = ''
    )
  )
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @after, @seconds, @limit
