SELECT
  p.id,
  b.reference,
  p.amount,
  p.currency,
  p.created_at
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  p.status = 'PROCESSING'
  AND p.created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 minute')
  AND b.event_id = CAST(? AS bigint)
ORDER BY
  p.id
LIMIT CAST(? AS integer)
-- takes: @minutes, @event_id, @limit
