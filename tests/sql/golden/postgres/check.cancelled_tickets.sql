SELECT
  bl.booking_id,
  bl.ticket_type_id,
  bl.cancelled,
  COALESCE(gone.tickets, 0) AS cancelled_tickets
FROM booking_lines AS bl
INNER JOIN bookings AS b
  ON b.id = bl.booking_id
LEFT JOIN (
  SELECT
    booking_id,
    ticket_type_id,
    COUNT(*) AS tickets
  FROM tickets
  WHERE
    status = 'CANCELLED'
  GROUP BY
    booking_id,
    ticket_type_id
) AS gone
  ON gone.booking_id = bl.booking_id AND gone.ticket_type_id = bl.ticket_type_id
WHERE
  b.status = 'CONFIRMED' AND bl.cancelled <> COALESCE(gone.tickets, 0)
ORDER BY
  bl.booking_id NULLS FIRST,
  bl.ticket_type_id NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
