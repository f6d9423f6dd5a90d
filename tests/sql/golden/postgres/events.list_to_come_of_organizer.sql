SELECT
  id,
  title,
  status,
  starts_at
FROM events
WHERE
  organizer_id = CAST(? AS bigint) AND status IN ('DRAFT', 'PUBLISHED')
ORDER BY
  starts_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @organizer_id, @limit
