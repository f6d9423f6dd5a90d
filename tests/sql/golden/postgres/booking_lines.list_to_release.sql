SELECT
  tt.event_id,
  bl.ticket_type_id,
  COALESCE(bl.name, tt.name) AS name,
  bl.quantity,
  bl.list_price,
  bl.unit_price,
  bl.cancelled,
  bl.refund_percents,
  bl.refund_due,
  bl.seats
FROM booking_lines AS bl
INNER JOIN ticket_types AS tt
  ON tt.id = bl.ticket_type_id
WHERE
  bl.booking_id = CAST(? AS bigint)
ORDER BY
  bl.ticket_type_id NULLS FIRST
-- takes: @booking_id
