UPDATE event_seats SET state = 2, booking_id = j.booking_id, ticket_type_id = j.ticket_type_id, changed = (
  SELECT
    s.sequence
  FROM event_seating AS s
  WHERE
    s.event_id = CAST(? AS bigint)
)
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(seat_no integer, booking_id bigint, ticket_type_id bigint)
WHERE
  event_seats.event_id = CAST(? AS bigint) AND event_seats.seat_no = j.seat_no AND event_seats.state = 0
-- takes: @event_id, @seats, @event_id
