UPDATE venues SET name = CAST(? AS varchar), location = CAST(? AS varchar), city = CAST(? AS varchar), country = CAST(? AS varchar), capacity = CAST(? AS integer), facilities = CAST(? AS varchar), timezone = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint)
RETURNING id, name, location, city, country, capacity, facilities, owner_id, timezone, created_at
-- takes: @name, @location, @city, @country, @capacity, @facilities, @timezone, @id
