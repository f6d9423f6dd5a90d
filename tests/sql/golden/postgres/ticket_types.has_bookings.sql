SELECT
  booking_id
FROM booking_lines
WHERE
  ticket_type_id = CAST(? AS bigint)
ORDER BY
  booking_id NULLS FIRST
LIMIT 1
-- takes: @id
