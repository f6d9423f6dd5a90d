SELECT
  r.id,
  b.reference,
  r.amount,
  r.currency,
  r.failure_code,
  r.created_at
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
INNER JOIN bookings AS b
  ON b.id = p.booking_id
WHERE
  r.status = 'FAILED' AND r.attempts >= CAST(? AS integer) AND b.event_id = CAST(? AS bigint)
ORDER BY
  r.id
LIMIT CAST(? AS integer)
-- takes: @attempts, @event_id, @limit
