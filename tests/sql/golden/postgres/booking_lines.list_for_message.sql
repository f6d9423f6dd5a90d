SELECT
  tt.name,
  bl.quantity,
  bl.unit_price
FROM booking_lines AS bl
INNER JOIN ticket_types AS tt
  ON tt.id = bl.ticket_type_id
WHERE
  bl.booking_id = CAST(? AS bigint)
ORDER BY
  tt.sort_order NULLS FIRST,
  tt.id
-- takes: @booking_id
