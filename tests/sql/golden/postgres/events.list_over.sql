SELECT
  id
FROM events
WHERE
  status = 'PUBLISHED'
  AND starts_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND COALESCE(ends_at, (starts_at + CAST(? AS integer) * INTERVAL '1 hour')) < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  starts_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @hours, @limit
