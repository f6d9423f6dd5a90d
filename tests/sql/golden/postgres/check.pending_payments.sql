SELECT
  p.id,
  p.booking_id,
  b.status,
  p.pending_until,
  b.hold_expires_at
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  p.status = 'PROCESSING'
  AND p.pending_until > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    b.status <> 'PENDING' OR b.hold_expires_at < p.pending_until
  )
ORDER BY
  p.id
LIMIT CAST(? AS integer)
-- takes: @limit
