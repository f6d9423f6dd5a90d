SELECT
  s.event_id,
  s.version,
  e.title,
  e.starts_at,
  e.timezone,
  e.status,
  e.organizer_id
FROM event_seating AS s
INNER JOIN events AS e
  ON e.id = s.event_id
WHERE
  s.plan_id = CAST(? AS bigint)
ORDER BY
  s.event_id DESC NULLS LAST
LIMIT CAST(? AS integer)
-- takes: @plan_id, @limit
