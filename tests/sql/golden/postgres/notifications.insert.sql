INSERT INTO notifications (
  user_id,
  kind,
  message,
  event_id,
  booking_id
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS bigint), CAST(? AS bigint))
RETURNING id
-- takes: @user_id, @kind, @message, @event_id, @booking_id
