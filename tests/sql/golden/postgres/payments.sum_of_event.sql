SELECT
  p.currency,
  SUM(p.amount) AS paid,
  SUM(p.refunded) AS refunded
FROM bookings AS b
INNER JOIN payments AS p
  ON p.booking_id = b.id
WHERE
  b.event_id = CAST(? AS bigint) AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
GROUP BY
  p.currency
ORDER BY
  p.currency NULLS FIRST
-- takes: @event_id
