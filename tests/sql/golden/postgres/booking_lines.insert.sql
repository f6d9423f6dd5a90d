INSERT INTO booking_lines (
  booking_id,
  ticket_type_id,
  quantity,
  unit_price
)
SELECT
  bl.booking_id,
  bl.ticket_type_id,
  bl.quantity,
  bl.unit_price
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS bl(booking_id bigint, ticket_type_id bigint, quantity integer, unit_price numeric)
-- takes: @lines
