INSERT INTO venues (
  name,
  location,
  city,
  country,
  capacity,
  facilities,
  timezone,
  owner_id
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS integer), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS bigint))
RETURNING id, name, location, city, country, capacity, facilities, owner_id, timezone, created_at
-- takes: @name, @location, @city, @country, @capacity, @facilities, @timezone, @owner_id
