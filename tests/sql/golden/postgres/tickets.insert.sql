INSERT INTO tickets (
  booking_id,
  event_id,
  ticket_type_id,
  code,
  status
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS bigint), CAST(? AS varchar), 'VALID')
-- takes: @booking_id, @event_id, @ticket_type_id, @code
