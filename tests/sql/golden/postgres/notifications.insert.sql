INSERT INTO notifications (
  user_id,
  kind,
  message,
  event_id,
  booking_id
)
SELECT
  n.user_id,
  n.kind,
  n.message,
  n.event_id,
  n.booking_id
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS n(user_id bigint, kind varchar, message varchar, event_id bigint, booking_id bigint)
-- takes: @notifications
