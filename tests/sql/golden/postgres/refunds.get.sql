SELECT
  r.id,
  r.payment_id,
  r.amount,
  r.currency,
  r.reason,
  r.status,
  r.failure_code,
  r.created_at,
  r.settled_at,
  p.user_id,
  p.booking_id,
  e.organizer_id
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
INNER JOIN bookings AS b
  ON b.id = p.booking_id
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  r.id = CAST(? AS bigint)
-- takes: @id
