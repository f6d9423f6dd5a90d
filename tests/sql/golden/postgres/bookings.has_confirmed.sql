SELECT
  id
FROM bookings
WHERE
  user_id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND status = 'CONFIRMED'
ORDER BY
  id
LIMIT 1
-- takes: @user_id, @event_id
