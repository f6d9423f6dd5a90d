SELECT
  b.id,
  b.user_id,
  u.name AS user_name,
  u.email AS user_email,
  e.id AS event_id,
  e.title AS event_title,
  e.timezone
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  b.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  b.id DESC
-- takes: @ids[0], @ids[1]
