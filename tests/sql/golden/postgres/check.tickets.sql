SELECT
  tt.id,
  tt.capacity,
  tt.available,
  COALESCE(held.quantity, 0) AS held
FROM ticket_types AS tt
LEFT JOIN (
  SELECT
    bl.ticket_type_id,
    SUM(bl.quantity - bl.cancelled) AS quantity
  FROM booking_lines AS bl
  INNER JOIN bookings AS b
    ON b.id = bl.booking_id
  WHERE
    b.status IN ('PENDING', 'CONFIRMED')
  GROUP BY
    bl.ticket_type_id
) AS held
  ON held.ticket_type_id = tt.id
WHERE
  tt.capacity <> tt.available + COALESCE(held.quantity, 0)
ORDER BY
  tt.id
LIMIT CAST(? AS integer)
-- takes: @limit
