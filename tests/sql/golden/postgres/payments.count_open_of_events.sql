SELECT
  b.event_id,
  COUNT(*) AS number
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  p.status = 'PROCESSING'
  AND p.created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 minute')
  AND b.event_id IN (CAST(? AS bigint), CAST(? AS bigint))
GROUP BY
  b.event_id
-- takes: @minutes, @event_ids[0], @event_ids[1]
