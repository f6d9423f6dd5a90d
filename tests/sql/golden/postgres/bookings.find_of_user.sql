SELECT
  id
FROM bookings
WHERE
  user_id = CAST(? AS bigint)
  AND id < CAST(? AS bigint)
  AND (
    CAST(? AS varchar) IS NULL OR status = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR event_id = CAST(? AS bigint)
  )
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @before, @status, @status, @event_id, @event_id, @limit
