INSERT INTO venues (
  name,
  location,
  city,
  country,
  capacity,
  facilities
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS integer), CAST(? AS varchar))
RETURNING id, name, location, city, country, capacity, facilities, created_at
-- takes: @name, @location, @city, @country, @capacity, @facilities
