SELECT
  id
FROM bookings
WHERE
  event_id = CAST(? AS bigint) AND status IN ('PENDING', 'CONFIRMED')
ORDER BY
  id
LIMIT 1
-- takes: @id
