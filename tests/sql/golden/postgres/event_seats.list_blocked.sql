SELECT
  section,
  row_label,
  seat_number,
  block_reason
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND state = 3 AND block_reason <> ''
ORDER BY
  seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @event_id, @limit
