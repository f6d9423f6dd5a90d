SELECT
  s.event_id,
  s.seat_no,
  s.companion_of
FROM event_seats AS s
INNER JOIN event_seating AS e
  ON e.event_id = s.event_id
WHERE
  s.companion_of IS NOT NULL
  AND COALESCE(s.block_reason, '-') <> ''
  AND e.state = 'OPEN'
  AND NOT EXISTS(
    SELECT
      1
    FROM event_seats AS w
    WHERE
      w.event_id = s.event_id AND w.seat_no = s.companion_of AND w.kinds % 2 = 1
  )
ORDER BY
  s.event_id NULLS FIRST,
  s.seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
