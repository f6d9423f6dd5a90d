SELECT
  id,
  name,
  location,
  city,
  country,
  capacity,
  facilities,
  created_at
FROM venues
WHERE
  id = CAST(? AS bigint)
-- takes: @id
