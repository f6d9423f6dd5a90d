SELECT
  s.event_id,
  s.seat_no,
  COALESCE(t.tickets, 0) AS tickets
FROM event_seats AS s
LEFT JOIN (
  SELECT
    event_id,
    seat_no,
    booking_id,
    ticket_type_id,
    COUNT(*) AS tickets
  FROM tickets
  WHERE
    status = 'VALID' AND seat_no IS NOT NULL
  GROUP BY
    event_id,
    seat_no,
    booking_id,
    ticket_type_id
) AS t
  ON t.event_id = s.event_id
  AND t.seat_no = s.seat_no
  AND t.booking_id = s.booking_id
  AND t.ticket_type_id = s.ticket_type_id
WHERE
  s.state = 2 AND COALESCE(t.tickets, 0) <> 1
ORDER BY
  s.event_id NULLS FIRST,
  s.seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
