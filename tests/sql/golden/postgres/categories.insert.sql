INSERT INTO categories (
  slug,
  name
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar))
RETURNING id, slug, name
-- takes: @slug, @name
