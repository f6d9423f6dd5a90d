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
  b.created_at,
  u.name AS user_name,
  u.email AS user_email
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.event_id = CAST(? AS bigint)
  AND (
    CAST(? AS varchar) IS NULL OR b.status = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR b.id < CAST(? AS bigint)
  )
ORDER BY
  b.id DESC
LIMIT CAST(? AS integer)
-- takes: @event_id, @status, @status, @before, @before, @limit
