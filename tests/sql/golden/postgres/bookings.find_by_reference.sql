SELECT
  b.id
FROM bookings AS b
WHERE
  b.reference = CAST(? AS varchar)
  AND (
    CAST(? AS bigint) IS NULL OR b.user_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR b.event_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR b.status = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR b.id < CAST(? AS bigint)
  )
ORDER BY
  b.id DESC
LIMIT CAST(? AS integer)
-- takes: @q, @user_id, @user_id, @event_id, @event_id, @status, @status, @before, @before, @limit
