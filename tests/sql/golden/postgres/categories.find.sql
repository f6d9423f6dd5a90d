SELECT
  id
FROM categories
WHERE
  id = CAST(? AS bigint) OR slug = CAST(? AS varchar)
-- takes: @id, @slug
