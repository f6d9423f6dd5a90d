SELECT
  t.code,
  tt.name AS ticket_type
FROM tickets AS t
INNER JOIN ticket_types AS tt
  ON tt.id = t.ticket_type_id
WHERE
  t.booking_id = CAST(? AS bigint) AND t.status = 'VALID'
ORDER BY
  t.id
-- takes: @booking_id
