SELECT
  COALESCE(SUM(r.amount), 0) AS total,
  COALESCE(SUM(CASE WHEN r.settled_at >= CAST(? AS timestamp(3)) THEN r.amount ELSE 0 END), 0) AS week,
  COALESCE(SUM(CASE WHEN r.settled_at >= CAST(? AS timestamp(3)) THEN r.amount ELSE 0 END), 0) AS today
FROM bookings AS b
INNER JOIN payments AS p
  ON p.booking_id = b.id
INNER JOIN refunds AS r
  ON r.payment_id = p.id
WHERE
  b.event_id = CAST(? AS bigint)
  AND p.currency = CAST(? AS varchar)
  AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
  AND r.status = 'SUCCEEDED'
-- takes: @week, @today, @event_id, @currency
