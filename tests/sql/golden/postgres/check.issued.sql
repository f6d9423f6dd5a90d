SELECT
  b.id,
  b.status,
  b.quantity - COALESCE(lines.cancelled, 0) AS live,
  COALESCE(issued.tickets, 0) AS valid_tickets
FROM bookings AS b
LEFT JOIN (
  SELECT
    booking_id,
    SUM(cancelled) AS cancelled
  FROM booking_lines
  GROUP BY
    booking_id
) AS lines
  ON lines.booking_id = b.id
LEFT JOIN (
  SELECT
    booking_id,
    COUNT(*) AS tickets
  FROM tickets
  WHERE
    status = 'VALID'
  GROUP BY
    booking_id
) AS issued
  ON issued.booking_id = b.id
WHERE
  COALESCE(issued.tickets, 0) <> CASE WHEN b.status = 'CONFIRMED' THEN b.quantity - COALESCE(lines.cancelled, 0) ELSE 0 END
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @limit
