SELECT
  id,
  name,
  location,
  city,
  country,
  capacity,
  facilities
FROM venues
WHERE
  id = CAST(? AS bigint)
FOR NO KEY UPDATE OF venues
-- takes: @id
