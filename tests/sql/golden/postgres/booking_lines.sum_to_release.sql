SELECT
  tt.event_id,
  bl.ticket_type_id,
  SUM(bl.quantity - bl.cancelled) AS quantity,
  MAX(CASE WHEN bl.seats IS NULL THEN 0 ELSE 1 END) AS seated
FROM booking_lines AS bl
INNER JOIN ticket_types AS tt
  ON tt.id = bl.ticket_type_id
WHERE
  bl.booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
GROUP BY
  tt.event_id,
  bl.ticket_type_id
ORDER BY
  bl.ticket_type_id NULLS FIRST
-- takes: @booking_ids[0], @booking_ids[1]
