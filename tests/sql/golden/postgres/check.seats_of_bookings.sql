SELECT
  b.id,
  sums.live,
  COALESCE(s.seats, 0) AS seats
FROM bookings AS b
INNER JOIN (
  SELECT
    booking_id,
    SUM(quantity - cancelled) AS live
  FROM booking_lines
  WHERE
    seats IS NOT NULL AND seats <> '[]'
  GROUP BY
    booking_id
) AS sums
  ON sums.booking_id = b.id
LEFT JOIN (
  SELECT
    booking_id,
    COUNT(*) AS seats
  FROM event_seats
  WHERE
    booking_id IS NOT NULL
  GROUP BY
    booking_id
) AS s
  ON s.booking_id = b.id
WHERE
  b.status IN ('PENDING', 'CONFIRMED') AND sums.live <> COALESCE(s.seats, 0)
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @limit
