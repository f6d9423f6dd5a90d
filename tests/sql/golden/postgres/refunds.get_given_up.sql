SELECT
  r.id,
  r.payment_id,
  r.amount,
  r.currency,
  r.reason,
  r.failure_code,
  r.attempts,
  r.created_at,
  b.reference,
  e.id AS event_id,
  e.title AS event_title,
  COALESCE(b.contact_name, u.name) AS payer,
  COALESCE(b.contact_email, u.email) AS email
FROM refunds AS r
INNER JOIN payments AS p
  ON p.id = r.payment_id
INNER JOIN bookings AS b
  ON b.id = p.booking_id
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS u
  ON u.id = p.user_id
WHERE
  r.status = 'FAILED' AND r.attempts >= CAST(? AS integer) AND r.id = CAST(? AS bigint)
-- takes: @attempts, @id
