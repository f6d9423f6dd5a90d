INSERT INTO booking_lines (
  booking_id,
  ticket_type_id,
  name,
  quantity,
  list_price,
  unit_price,
  seats
)
SELECT
  bl.booking_id,
  bl.ticket_type_id,
  bl.name,
  bl.quantity,
  bl.list_price,
  bl.unit_price,
  bl.seats
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS bl(booking_id bigint, ticket_type_id bigint, name varchar, quantity integer, list_price numeric, unit_price numeric, seats text)
-- takes: @lines
