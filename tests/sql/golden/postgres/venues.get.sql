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
  id = CAST(? AS bigint)
-- takes: @id
