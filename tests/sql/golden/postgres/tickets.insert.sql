INSERT INTO tickets (
  booking_id,
  event_id,
  ticket_type_id,
  seat_no,
  code,
  status
)
SELECT
  t.booking_id,
  t.event_id,
  t.ticket_type_id,
  t.seat_no,
  t.code,
  'VALID'
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS t(place integer, booking_id bigint, event_id bigint, ticket_type_id bigint, seat_no integer, code varchar)
ORDER BY
  t.place NULLS FIRST
-- takes: @tickets
