SELECT
  CAST(EXTRACT(EPOCH FROM DATE_TRUNC('minute', CAST(b.confirmed_at AS timestamp)) - DATE_TRUNC('minute', CAST(CAST('2000-01-01' AS date) AS timestamp))) / 60 AS integer) / 15 AS quarter,
  CAST(TRUNC(CAST(SUM(CASE WHEN b.status = 'CONFIRMED' THEN l.live ELSE 0 END) AS numeric)) AS integer) AS tickets,
  SUM(m.kept) AS revenue
FROM bookings AS b INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS live
  FROM booking_lines AS bl
  WHERE
    bl.booking_id = b.id
) AS l ON TRUE INNER JOIN LATERAL (
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
  CAST(EXTRACT(EPOCH FROM DATE_TRUNC('minute', CAST(b.confirmed_at AS timestamp)) - DATE_TRUNC('minute', CAST(CAST('2000-01-01' AS date) AS timestamp))) / 60 AS integer) / 15
-- takes: @currency, @event_id
