SELECT
  e.title,
  e.starts_at,
  e.ends_at,
  e.timezone,
  e.version,
  v.name AS venue,
  COALESCE(v.location, e.address) AS address,
  v.city
FROM events AS e
LEFT JOIN venues AS v
  ON v.id = e.venue_id
WHERE
  e.id = CAST(? AS bigint)
-- takes: @id
