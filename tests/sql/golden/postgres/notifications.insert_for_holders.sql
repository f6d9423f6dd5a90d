INSERT INTO notifications (
  user_id,
  kind,
  message,
  event_id
)
SELECT DISTINCT
  b.user_id,
  CAST(? AS varchar),
  CAST(? AS varchar),
  b.event_id
FROM bookings AS b
WHERE
  b.event_id = CAST(? AS bigint) AND b.status IN (CAST(? AS varchar), CAST(? AS varchar))
-- takes: @kind, @message, @event_id, @statuses[0], @statuses[1]
