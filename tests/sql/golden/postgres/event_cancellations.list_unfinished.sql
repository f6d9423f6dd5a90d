SELECT
  event_id
FROM event_cancellations
WHERE
  finished_at IS NULL
  AND (
    leased_until IS NULL OR leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
ORDER BY
  started_at NULLS FIRST,
  event_id NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
