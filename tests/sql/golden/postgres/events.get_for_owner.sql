SELECT
  e.id,
  e.organizer_id,
  e.title,
  e.status,
  e.starts_at,
  e.ends_at,
  e.timezone,
  e.capacity,
  e.currency,
  v.name AS venue,
  COALESCE(v.location, e.address) AS address,
  v.city
FROM events AS e
LEFT JOIN venues AS v
  ON v.id = e.venue_id
WHERE
  e.id = CAST(? AS bigint)
-- takes: @id
