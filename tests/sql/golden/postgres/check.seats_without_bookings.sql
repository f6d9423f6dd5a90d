SELECT
  s.event_id,
  s.seat_no,
  s.state,
  s.booking_id
FROM event_seats AS s
WHERE
  s.booking_id IS NOT NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM bookings AS b
    WHERE
      b.id = s.booking_id
      AND b.event_id = s.event_id
      AND b.status = CASE WHEN s.state = 1 THEN 'PENDING' ELSE 'CONFIRMED' END
  )
ORDER BY
  s.event_id NULLS FIRST,
  s.seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
