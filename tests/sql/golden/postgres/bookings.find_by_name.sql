SELECT
  b.id
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.event_id = CAST(? AS bigint)
  AND (
    CAST(? AS bigint) IS NULL OR b.user_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR b.status = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR b.id < CAST(? AS bigint)
  )
  AND (
    COALESCE(u.name_folded, LOWER(u.name)) LIKE CAST(? AS varchar) ESCAPE '!'
    OR COALESCE(u.name_folded, LOWER(u.name)) LIKE CAST(? AS varchar) ESCAPE '!'
    OR b.contact_name_folded LIKE CAST(? AS varchar) ESCAPE '!'
    OR b.contact_name_folded LIKE CAST(? AS varchar) ESCAPE '!'
  )
ORDER BY
  b.id DESC
LIMIT CAST(? AS integer)
-- takes: @event_id, @user_id, @user_id, @status, @status, @before, @before, @first, @later, @first, @later, @limit
