SELECT
  s.category_no,
  s.section,
  MIN(s.seat_no) AS first,
  SUM(CASE WHEN s.state = 0 THEN 1 ELSE 0 END) AS free,
  SUM(CASE WHEN s.state = 1 THEN 1 ELSE 0 END) AS held,
  SUM(CASE WHEN s.state = 2 THEN 1 ELSE 0 END) AS sold,
  SUM(CASE WHEN s.state = 3 THEN 1 ELSE 0 END) AS blocked,
  SUM(CASE WHEN s.state = 2 AND b.currency = CAST(? AS varchar) THEN bl.unit_price ELSE 0 END) AS gross
FROM event_seats AS s
LEFT JOIN bookings AS b
  ON b.id = s.booking_id
LEFT JOIN booking_lines AS bl
  ON bl.booking_id = s.booking_id AND bl.ticket_type_id = s.ticket_type_id
WHERE
  s.event_id = CAST(? AS bigint) AND COALESCE(s.block_reason, '-') <> ''
GROUP BY
  s.category_no,
  s.section
-- takes: @currency, @event_id
