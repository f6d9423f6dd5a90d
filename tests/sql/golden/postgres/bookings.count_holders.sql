SELECT
  COUNT(DISTINCT user_id) AS people
FROM bookings
WHERE
  event_id = CAST(? AS bigint) AND status = 'CONFIRMED'
-- takes: @event_id
