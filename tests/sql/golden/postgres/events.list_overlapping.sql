SELECT
  o.id,
  o.title,
  o.starts_at,
  o.ends_at
FROM events AS e
INNER JOIN events AS o
  ON o.venue_id = e.venue_id
WHERE
  e.id = CAST(? AS bigint)
  AND o.id <> e.id
  AND o.status = 'PUBLISHED'
  AND o.starts_at < COALESCE(e.ends_at, (e.starts_at + CAST(? AS integer) * INTERVAL '1 hour'))
  AND COALESCE(o.ends_at, (o.starts_at + CAST(? AS integer) * INTERVAL '1 hour')) > e.starts_at
  AND o.starts_at > (e.starts_at + (-CAST(? AS integer)) * INTERVAL '1 day')
ORDER BY
  o.starts_at NULLS FIRST,
  o.id
LIMIT CAST(? AS integer)
-- takes: @id, @hours, @hours, @days, @limit
