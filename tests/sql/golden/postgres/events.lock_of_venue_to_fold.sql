SELECT
  id
FROM events
WHERE
  venue_id = CAST(? AS bigint) AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  starts_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
FOR NO KEY UPDATE OF events
-- takes: @venue_id, @limit
