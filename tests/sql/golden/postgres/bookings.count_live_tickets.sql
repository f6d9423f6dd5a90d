SELECT
  user_id,
  event_id,
  SUM(quantity) AS quantity
FROM bookings
WHERE
  user_id IN (CAST(? AS bigint), CAST(? AS bigint)) AND event_id IN (CAST(? AS bigint), CAST(? AS bigint)) AND status IN ('PENDING', 'CONFIRMED')
GROUP BY
  user_id,
  event_id
-- takes: @user_ids[0], @user_ids[1], @event_ids[0], @event_ids[1]
