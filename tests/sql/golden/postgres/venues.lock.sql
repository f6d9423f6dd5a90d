SELECT
  id,
  name,
  location,
  city,
  country,
  capacity,
  facilities,
  owner_id,
  timezone
FROM venues
WHERE
  id = CAST(? AS bigint)
FOR NO KEY UPDATE OF venues
-- takes: @id
