SELECT
  status
FROM events
WHERE
  id = CAST(? AS bigint)
-- takes: @id
