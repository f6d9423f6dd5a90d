INSERT INTO booking_lines (
  booking_id,
  ticket_type_id,
  quantity,
  unit_price
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS integer), CAST(? AS numeric))
-- takes: @booking_id, @ticket_type_id, @quantity, @unit_price
