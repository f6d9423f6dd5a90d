SELECT
  s.event_id
FROM event_seating AS s
INNER JOIN events AS e
  ON e.id = s.event_id
WHERE
  s.release_hours IS NOT NULL
  AND s.released_at IS NULL
  AND s.state = 'OPEN'
  AND e.status = 'PUBLISHED'
  AND e.starts_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + s.release_hours * INTERVAL '1 hour')
ORDER BY
  s.event_id NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
