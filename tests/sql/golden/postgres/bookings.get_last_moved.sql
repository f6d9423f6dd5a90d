SELECT
  MAX(b.id) AS id
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  b.event_id = CAST(? AS bigint)
  AND b.status IN ('PENDING', 'CONFIRMED')
  AND (
    b.id <= e.moved_up_to OR b.promised_starts_at < CAST(? AS timestamp(3)) OR b.promised_starts_at > CAST(? AS timestamp(3))
  )
-- takes: @event_id, @earliest, @latest
