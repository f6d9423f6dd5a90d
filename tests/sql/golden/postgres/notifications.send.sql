INSERT INTO notifications (
  user_id,
  kind,
  message
)
SELECT
  u.id,
  CAST(? AS varchar),
  CAST(? AS varchar)
FROM users AS u
WHERE
  u.id = CAST(? AS bigint)
RETURNING id, user_id, kind, message, event_id, booking_id, created_at, read_at
-- takes: @kind, @message, @user_id
