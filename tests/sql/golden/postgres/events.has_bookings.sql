SELECT
  id
FROM bookings
WHERE
  event_id = CAST(? AS bigint)
ORDER BY
  id
LIMIT 1
-- takes: @id
