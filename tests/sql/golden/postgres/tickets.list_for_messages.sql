SELECT
  t.booking_id,
  t.code,
  tt.name AS ticket_type
FROM tickets AS t
INNER JOIN ticket_types AS tt
  ON tt.id = t.ticket_type_id
WHERE
  t.booking_id IN (CAST(? AS bigint), CAST(? AS bigint)) AND t.status = 'VALID'
ORDER BY
  t.booking_id NULLS FIRST,
  t.id
-- takes: @booking_ids[0], @booking_ids[1]
