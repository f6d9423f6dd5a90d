SELECT
  s.event_id,
  s.seat_no,
  s.guid,
  s.section,
  s.row_label,
  s.seat_number,
  s.entrance,
  s.kinds,
  c.name AS category
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(event_id bigint, seat_no integer)
INNER JOIN event_seats AS s
  ON s.event_id = j.event_id AND s.seat_no = j.seat_no
LEFT JOIN event_categories AS c
  ON c.event_id = s.event_id AND c.category_no = s.category_no
-- takes: @seats
