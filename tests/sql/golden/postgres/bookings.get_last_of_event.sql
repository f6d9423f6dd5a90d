SELECT
  MAX(id) AS id
FROM bookings
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
