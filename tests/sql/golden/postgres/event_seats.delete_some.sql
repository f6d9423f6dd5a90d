DELETE FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND seat_no >= CAST(? AS integer) AND seat_no < CAST(? AS integer) AND booking_id IS NULL
-- takes: @event_id, @first, @end
