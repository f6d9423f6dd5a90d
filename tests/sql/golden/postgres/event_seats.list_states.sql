SELECT
  seat_no,
  state
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND seat_no >= CAST(? AS integer) AND seat_no < CAST(? AS integer)
-- takes: @event_id, @first, @end
