SELECT
  id,
  name,
  location,
  city,
  country,
  capacity,
  facilities,
  owner_id,
  timezone,
  created_at
FROM venues
WHERE
  name >= CAST(? AS varchar)
  AND (
    name > CAST(? AS varchar) OR id > CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR LOWER(city) = LOWER(CAST(? AS varchar))
  )
  AND (
    CAST(? AS varchar) IS NULL
    OR LOWER(name) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    OR LOWER(location) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
  )
ORDER BY
  name NULLS FIRST,
  id
LIMIT CAST(? AS bigint)
-- takes: @after_name, @after_name, @after_id, @city, @city, @pattern, @pattern, @pattern, @limit
