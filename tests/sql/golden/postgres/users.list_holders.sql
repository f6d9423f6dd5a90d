SELECT
  u.id,
  u.email,
  u.locale,
  (
    SELECT
      lb.locale
    FROM bookings AS lb
    WHERE
      lb.user_id = u.id AND lb.event_id = CAST(? AS bigint) AND lb.status IN (CAST(? AS varchar), CAST(? AS varchar)) AND lb.id <= CAST(? AS bigint)
    ORDER BY
      lb.id DESC
    LIMIT 1
  ) AS booking_locale
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
-- takes: @event_id, @statuses[0], @statuses[1], @up_to, @after, @event_id, @statuses[0], @statuses[1], @up_to, @after, @limit
