UPDATE event_seats SET state = 0, booking_id = NULL, ticket_type_id = NULL, changed = (
  SELECT
    s.sequence
  FROM event_seating AS s
  WHERE
    s.event_id = CAST(? AS bigint)
)
WHERE
  event_id = CAST(? AS bigint) AND booking_id = CAST(? AS bigint)
-- takes: @event_id, @event_id, @booking_id
