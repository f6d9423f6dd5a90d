SELECT
  tt.id,
  tt.capacity - tt.available AS taken,
  COALESCE(s.seats, 0) AS seats
FROM ticket_types AS tt
LEFT JOIN (
  SELECT
    ticket_type_id,
    COUNT(*) AS seats
  FROM event_seats
  WHERE
    state IN (1, 2)
  GROUP BY
    ticket_type_id
) AS s
  ON s.ticket_type_id = tt.id
WHERE
  tt.seated = 1
  AND tt.capacity - tt.available <> COALESCE(s.seats, 0)
  AND NOT EXISTS(
    SELECT
      1
    FROM event_category_types AS t
    INNER JOIN event_categories AS c
      ON c.event_id = t.event_id AND c.category_no = t.category_no
    WHERE
      t.event_id = tt.event_id AND t.ticket_type_id = tt.id AND c.is_standing = 1
  )
ORDER BY
  tt.id
LIMIT CAST(? AS integer)
-- takes: @limit
