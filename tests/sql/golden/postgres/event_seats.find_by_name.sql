SELECT
  s.guid,
  s.state,
  t.id AS ticket_id,
  b.reference
FROM event_seats AS s
LEFT JOIN tickets AS t
  ON t.event_id = s.event_id AND t.seat_no = s.seat_no AND t.status = 'VALID'
LEFT JOIN bookings AS b
  ON b.id = t.booking_id
WHERE
  s.event_id = CAST(? AS bigint)
  AND s.section = CAST(? AS varchar)
  AND s.row_label = CAST(? AS varchar)
  AND s.seat_number = CAST(? AS varchar)
-- takes: @event_id, @section, @row_label, @seat_number
