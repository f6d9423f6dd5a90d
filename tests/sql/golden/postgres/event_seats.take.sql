UPDATE event_seats SET state = j.state, booking_id = j.booking_id, ticket_type_id = j.ticket_type_id, changed = CAST(? AS bigint), block_reason = NULL
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(seat_no integer, was integer, state smallint, booking_id bigint, ticket_type_id bigint)
WHERE
  event_seats.event_id = CAST(? AS bigint)
  AND event_seats.seat_no = j.seat_no
  AND event_seats.state = j.was
  AND j.seat_no BETWEEN 0 AND 2147483647
-- takes: @sequence, @seats, @event_id
