SELECT
  r.id,
  r.event_id,
  r.user_id,
  r.rating
FROM bookings AS b
INNER JOIN reviews AS r
  ON r.user_id = b.user_id AND r.event_id = b.event_id
WHERE
  b.id = CAST(? AS bigint)
  AND r.removed_at IS NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM bookings AS o
    INNER JOIN tickets AS t
      ON t.booking_id = o.id
    WHERE
      o.user_id = b.user_id AND o.event_id = b.event_id AND o.status = 'CONFIRMED' AND t.status = 'VALID'
  )
-- takes: @booking_id
