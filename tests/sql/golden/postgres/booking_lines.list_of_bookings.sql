SELECT
  bl.booking_id,
  bl.ticket_type_id,
  COALESCE(bl.name, tt.name) AS name,
  bl.quantity,
  bl.list_price,
  bl.unit_price,
  bl.cancelled,
  bl.seats
FROM booking_lines AS bl
INNER JOIN ticket_types AS tt
  ON tt.id = bl.ticket_type_id
WHERE
  bl.booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  bl.booking_id NULLS FIRST,
  tt.sort_order NULLS FIRST,
  tt.id
-- takes: @booking_ids[0], @booking_ids[1]
