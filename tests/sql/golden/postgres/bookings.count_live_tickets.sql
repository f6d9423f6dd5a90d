SELECT
  COALESCE(SUM(quantity), 0) AS quantity
FROM bookings
WHERE
  user_id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND status IN ('PENDING', 'CONFIRMED')
-- takes: @user_id, @event_id
