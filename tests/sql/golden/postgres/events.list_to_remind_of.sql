SELECT
  id
FROM events
WHERE
  status = 'PUBLISHED'
  AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND starts_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 hour')
  AND reminded_at IS NULL
ORDER BY
  starts_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @hours, @limit
