SELECT
  c.event_id,
  c.category_no,
  c.free,
  CASE WHEN c.is_standing = 1 THEN c.seats - COALESCE(n.taken, 0) ELSE COALESCE(f.seats, 0) END AS is_free
FROM event_categories AS c
INNER JOIN event_seating AS e
  ON e.event_id = c.event_id
LEFT JOIN (
  SELECT
    event_id,
    category_no,
    COUNT(*) AS seats
  FROM event_seats
  WHERE
    state = 0
  GROUP BY
    event_id,
    category_no
) AS f
  ON f.event_id = c.event_id AND f.category_no = c.category_no
LEFT JOIN (
  SELECT
    t.event_id,
    t.category_no,
    SUM(tt.capacity - tt.available) AS taken
  FROM event_category_types AS t
  INNER JOIN ticket_types AS tt
    ON tt.id = t.ticket_type_id
  GROUP BY
    t.event_id,
    t.category_no
) AS n
  ON n.event_id = c.event_id AND n.category_no = c.category_no
WHERE
  e.state = 'OPEN'
  AND c.free <> CASE WHEN c.is_standing = 1 THEN c.seats - COALESCE(n.taken, 0) ELSE COALESCE(f.seats, 0) END
ORDER BY
  c.event_id NULLS FIRST,
  c.category_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
