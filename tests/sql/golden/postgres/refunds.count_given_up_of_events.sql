SELECT
  b.event_id,
  COUNT(*) AS number
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  r.status = 'FAILED' AND r.attempts >= CAST(? AS integer) AND b.event_id IN (CAST(? AS bigint), CAST(? AS bigint))
GROUP BY
  b.event_id
-- takes: @attempts, @event_ids[0], @event_ids[1]
