SELECT
  id,
  booking_id,
  ticket_type_id,
  code,
  seat_no,
  status
FROM tickets
WHERE
  booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  booking_id NULLS FIRST,
  id
-- takes: @booking_ids[0], @booking_ids[1]
