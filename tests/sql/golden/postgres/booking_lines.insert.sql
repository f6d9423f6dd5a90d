INSERT INTO booking_lines (
  booking_id,
  ticket_type_id,
  quantity,
  list_price,
  unit_price
)
SELECT
  bl.booking_id,
  bl.ticket_type_id,
  bl.quantity,
  bl.list_price,
  bl.unit_price
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS bl(booking_id bigint, ticket_type_id bigint, quantity integer, list_price numeric, unit_price numeric)
-- takes: @lines
