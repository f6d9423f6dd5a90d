SELECT
  COALESCE(SUM(p.amount), 0) AS paid,
  COALESCE(SUM(p.refunded), 0) AS refunded
FROM bookings AS b
INNER JOIN payments AS p
  ON p.booking_id = b.id
WHERE
  b.event_id = CAST(? AS bigint)
  AND p.currency = CAST(? AS varchar)
  AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
-- takes: @event_id, @currency
