SELECT
  picture
FROM events
WHERE
  id = CAST(? AS bigint)
-- takes: @id
