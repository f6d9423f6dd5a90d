SELECT
  u.id AS user_id,
  u.email,
  u.name,
  u.locale,
  b.id AS booking_id,
  b.reference,
  b.total,
  b.currency,
  b.locale AS booking_locale,
  b.cancel_reason,
  b.refund_due,
  e.id AS event_id,
  e.title,
  e.starts_at,
  v.name AS venue,
  COALESCE(v.location, e.address) AS address,
  v.city
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
INNER JOIN events AS e
  ON e.id = b.event_id
LEFT JOIN venues AS v
  ON v.id = e.venue_id
WHERE
  b.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  b.id
-- takes: @ids[0], @ids[1]
