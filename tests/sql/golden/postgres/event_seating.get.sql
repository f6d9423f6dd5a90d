SELECT
  s.plan_id,
  s.version,
  s.sequence,
  s.opened,
  s.pinned,
  s.state,
  s.orphan_rule,
  s.release_hours,
  s.release_when_sold,
  s.released_at,
  CASE
    WHEN s.release_hours IS NOT NULL
    AND e.starts_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + s.release_hours * INTERVAL '1 hour')
    THEN 1
    ELSE 0
  END AS release_due,
  c.category_no,
  c.name,
  c.is_standing,
  c.seats,
  c.free,
  t.ticket_type_id
FROM event_seating AS s
INNER JOIN events AS e
  ON e.id = s.event_id
INNER JOIN event_categories AS c
  ON c.event_id = s.event_id
INNER JOIN event_category_types AS t
  ON t.event_id = c.event_id AND t.category_no = c.category_no
WHERE
  s.event_id = CAST(? AS bigint)
ORDER BY
  c.category_no NULLS FIRST,
  t.ticket_type_id NULLS FIRST
-- takes: @event_id
