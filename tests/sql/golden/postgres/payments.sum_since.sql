SELECT
  COALESCE(SUM(p.amount), 0) AS total,
  COALESCE(SUM(CASE WHEN p.settled_at >= CAST(? AS timestamp(3)) THEN p.amount ELSE 0 END), 0) AS week,
  COALESCE(SUM(CASE WHEN p.settled_at >= CAST(? AS timestamp(3)) THEN p.amount ELSE 0 END), 0) AS today
FROM bookings AS b
INNER JOIN payments AS p
  ON p.booking_id = b.id
WHERE
  b.event_id = CAST(? AS bigint)
  AND p.currency = CAST(? AS varchar)
  AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
-- takes: @week, @today, @event_id, @currency
