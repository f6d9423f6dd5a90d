SELECT
  id
FROM venues
WHERE
  LOWER(name) = LOWER(CAST(? AS varchar))
ORDER BY
  id
LIMIT 2
-- takes: @name
