SELECT
  t.id
FROM bookings AS b
INNER JOIN tickets AS t
  ON t.booking_id = b.id
WHERE
  b.user_id = CAST(? AS bigint) AND b.event_id = CAST(? AS bigint) AND b.status = 'CONFIRMED' AND t.status = 'VALID'
ORDER BY
  t.id
LIMIT 1
-- takes: @user_id, @event_id
