SELECT
  name,
  location,
  city
FROM venues
WHERE
  id = CAST(? AS bigint)
-- takes: @id
