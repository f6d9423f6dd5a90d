SELECT
  e.id,
  e.title,
  e.description,
  e.address,
  v.name AS venue,
  v.city,
  c.name AS category
FROM events AS e
LEFT JOIN venues AS v
  ON v.id = e.venue_id
LEFT JOIN categories AS c
  ON c.id = e.category_id
WHERE
  e.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  e.id
-- takes: @event_ids[0], @event_ids[1]
