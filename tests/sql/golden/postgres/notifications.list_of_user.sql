SELECT
  id,
  user_id,
  kind,
  message,
  event_id,
  booking_id,
  created_at,
  read_at
FROM notifications
WHERE
  user_id = CAST(? AS bigint)
  AND (
    CAST(? AS smallint) = 0 OR read_at IS NULL
  )
  AND (
    CAST(? AS bigint) IS NULL OR id < CAST(? AS bigint)
  )
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @unread_only, @before, @before, @limit
