SELECT
  e.id,
  e.organizer_id,
  u.name AS organizer_name,
  e.venue_id,
  v.name AS venue_name,
  v.location AS venue_location,
  v.city,
  v.country,
  e.address,
  c.slug AS category,
  e.title,
  e.description,
  e.starts_at,
  e.ends_at,
  e.status,
  e.capacity,
  e.currency,
  e.price_from,
  e.sales_start,
  e.sales_end,
  e.per_user_limit,
  e.refund_full_hours,
  e.refund_percent,
  e.refund_none_hours,
  e.rating_count,
  e.rating_sum,
  e.version,
  e.created_at,
  e.updated_at,
  s.available,
  s.sold
FROM events AS e
INNER JOIN users AS u
  ON u.id = e.organizer_id
LEFT JOIN venues AS v
  ON v.id = e.venue_id
LEFT JOIN categories AS c
  ON c.id = e.category_id INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(tt.available), 0) AS available,
    COALESCE(SUM(tt.capacity - tt.available), 0) AS sold
  FROM ticket_types AS tt
  WHERE
    tt.event_id = e.id
) AS s ON TRUE
WHERE
  e.status = CAST(? AS varchar)
  AND e.starts_at >= CAST(? AS timestamp(3))
  AND e.starts_at <= CAST(? AS timestamp(3))
  AND e.price_from <= CAST(? AS numeric)
  AND (
    CAST(? AS bigint) IS NULL OR e.venue_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR e.category_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR e.organizer_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR LOWER(v.city) = LOWER(CAST(? AS varchar))
  )
  AND (
    CAST(? AS varchar) IS NULL
    OR LOWER(v.city) = LOWER(CAST(? AS varchar))
    OR LOWER(v.name) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    OR LOWER(e.address) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
  )
  AND (
    CAST(? AS varchar) IS NULL
    OR LOWER(e.title) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    OR LOWER(e.description) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
  )
  AND (
    CAST(? AS smallint) = 0 OR s.available > 0
  )
  AND s.sold <= CAST(? AS bigint)
  AND (
    s.sold < CAST(? AS bigint) OR e.id > CAST(? AS bigint)
  )
ORDER BY
  s.sold DESC NULLS LAST,
  e.id ASC
LIMIT CAST(? AS bigint)
-- takes: @status, @earliest, @latest, @price_max, @venue_id, @venue_id, @category_id, @category_id, @organizer_id, @organizer_id, @city, @city, @place, @place, @place_pattern, @place_pattern, @pattern, @pattern, @pattern, @available_only, @after, @after, @after_id, @limit
