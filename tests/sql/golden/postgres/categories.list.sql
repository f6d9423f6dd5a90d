SELECT
  id,
  slug,
  name
FROM categories
WHERE
  slug > CAST(? AS varchar)
ORDER BY
  slug NULLS FIRST
LIMIT CAST(? AS bigint)
-- takes: @after_slug, @limit
