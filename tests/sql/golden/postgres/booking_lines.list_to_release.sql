SELECT
  tt.event_id,
  bl.ticket_type_id,
  tt.name,
  bl.quantity,
  bl.list_price,
  bl.unit_price
FROM booking_lines AS bl
INNER JOIN ticket_types AS tt
  ON tt.id = bl.ticket_type_id
WHERE
  bl.booking_id = CAST(? AS bigint)
ORDER BY
  bl.ticket_type_id NULLS FIRST
-- takes: @booking_id
