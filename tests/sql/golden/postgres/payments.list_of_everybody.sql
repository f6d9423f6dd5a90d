SELECT
  p.id,
  p.amount,
  p.refunded,
  p.currency,
  p.method,
  p.status,
  p.card_brand,
  p.card_last4,
  p.failure_code,
  p.pending_until,
  p.created_at,
  b.reference,
  e.title AS event_title,
  COALESCE(b.contact_name, u.name) AS payer
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS u
  ON u.id = p.user_id
WHERE
  p.id < CAST(? AS bigint) AND (
    CAST(? AS varchar) IS NULL OR p.status = CAST(? AS varchar)
  )
ORDER BY
  p.id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @status, @status, @limit
