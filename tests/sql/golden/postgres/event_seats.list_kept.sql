SELECT
  seat_no,
  guid,
  category_no,
  state,
  ticket_type_id,
  block_reason
FROM event_seats
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
