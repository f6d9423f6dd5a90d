SELECT
  guid,
  category_no,
  section,
  row_label,
  seat_number
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND state = 0
ORDER BY
  seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @event_id, @limit
