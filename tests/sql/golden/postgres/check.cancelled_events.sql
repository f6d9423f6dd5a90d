SELECT
  e.id,
  COUNT(*) AS live_bookings
FROM events AS e
INNER JOIN bookings AS b
  ON b.event_id = e.id
WHERE
  e.status = 'CANCELLED'
  AND b.status IN ('PENDING', 'CONFIRMED')
  AND NOT EXISTS(
    SELECT
      1
    FROM event_cancellations AS c
    WHERE
      c.event_id = e.id AND c.finished_at IS NULL
  )
GROUP BY
  e.id
ORDER BY
  e.id
LIMIT CAST(? AS integer)
-- takes: @limit
