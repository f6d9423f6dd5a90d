SELECT
  t.id,
  t.event_id,
  t.seat_no
FROM tickets AS t
WHERE
  t.status = 'VALID'
  AND t.seat_no IS NOT NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM event_seats AS s
    WHERE
      s.event_id = t.event_id AND s.seat_no = t.seat_no AND s.state = 2 AND s.booking_id = t.booking_id
  )
ORDER BY
  t.id
LIMIT CAST(? AS integer)
-- takes: @limit
