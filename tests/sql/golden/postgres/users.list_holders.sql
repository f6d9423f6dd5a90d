SELECT
  u.id,
  u.email,
  u.email_confirmed_at,
  u.locale
FROM users AS u
WHERE
  u.id > CAST(? AS bigint)
  AND u.id IN (
    SELECT
      b.user_id
    FROM bookings AS b
    WHERE
      b.event_id = CAST(? AS bigint) AND b.status IN (CAST(? AS varchar), CAST(? AS varchar)) AND b.id <= CAST(? AS bigint) AND b.user_id > CAST(? AS bigint)
  )
ORDER BY
  u.id
LIMIT CAST(? AS integer)
-- takes: @after, @event_id, @statuses[0], @statuses[1], @up_to, @after, @limit
