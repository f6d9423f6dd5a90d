SELECT DISTINCT
  bl.ticket_type_id,
  CASE WHEN bl.seats IS NULL THEN 0 ELSE 1 END AS seated
FROM bookings AS b
INNER JOIN booking_lines AS bl
  ON bl.booking_id = b.id
WHERE
  b.event_id = CAST(? AS bigint) AND b.status IN ('PENDING', 'CONFIRMED') AND bl.cancelled < bl.quantity
-- takes: @event_id
