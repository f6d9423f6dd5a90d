SELECT
  CAST(b.confirmed_at AS date) AS confirmed_on,
  SUM(CASE WHEN b.status = 'CONFIRMED' THEN b.quantity ELSE 0 END) AS tickets,
  SUM(m.kept) AS revenue
FROM bookings AS b INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(p.amount - p.refunded), 0) AS kept
  FROM payments AS p
  WHERE
    p.booking_id = b.id
    AND p.currency = CAST(? AS varchar)
    AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED')
) AS m ON TRUE
WHERE
  b.event_id = CAST(? AS bigint) AND b.confirmed_at IS NOT NULL
GROUP BY
  CAST(b.confirmed_at AS date)
ORDER BY
  CAST(b.confirmed_at AS date) NULLS FIRST
-- takes: @currency, @event_id
