SELECT
  status,
  COUNT(*) AS bookings
FROM bookings
WHERE
  event_id = CAST(? AS bigint)
GROUP BY
  status
-- takes: @event_id
