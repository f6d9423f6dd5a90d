SELECT
  id,
  booking_id,
  ticket_type_id,
  code,
  seat_no
FROM tickets
WHERE
  event_id = CAST(? AS bigint) AND id IN (CAST(? AS bigint), CAST(? AS bigint)) AND status = 'VALID' AND seat_no IS NOT NULL
-- takes: @event_id, @ids[0], @ids[1]
