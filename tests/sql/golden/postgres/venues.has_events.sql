SELECT
  id
FROM events
WHERE
  venue_id = CAST(? AS bigint)
ORDER BY
  starts_at NULLS FIRST,
  id
LIMIT 1
-- takes: @id
