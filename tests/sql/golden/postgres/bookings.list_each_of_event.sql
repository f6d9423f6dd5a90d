SELECT
  b.id,
  b.reference,
  b.user_id,
  b.event_id,
  b.status,
  b.quantity,
  b.total,
  b.currency,
  b.hold_expires_at,
  b.confirmed_at,
  b.cancelled_at,
  b.cancel_reason,
  b.refund_due,
  b.locale,
  b.contact_name,
  b.contact_email,
  b.given_by,
  b.created_at,
  u.name AS user_name,
  u.email AS user_email
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  b.id DESC
-- takes: @ids[0], @ids[1]
