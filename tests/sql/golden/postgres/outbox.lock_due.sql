SELECT
  id
FROM outbox
WHERE
  state = 'PENDING'
  AND available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    leased_until IS NULL OR leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
ORDER BY
  available_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
FOR NO KEY UPDATE OF outbox SKIP LOCKED
-- takes: @limit
