SELECT
  u.id AS user_id,
  COALESCE(b.contact_email, u.email) AS email,
  COALESCE(b.contact_name, u.name) AS name,
  u.email_confirmed_at,
  u.locale,
  b.id AS booking_id,
  b.reference,
  b.total,
  b.currency,
  b.locale AS booking_locale,
  b.cancel_reason,
  e.id AS event_id,
  e.title,
  e.starts_at,
  e.timezone,
  v.name AS venue,
  COALESCE(v.location, e.address) AS address,
  v.city,
  CASE WHEN b.contact_email IS NULL THEN 0 ELSE 1 END AS has_contact,
  o.name AS organizer,
  CASE WHEN o.email_confirmed_at IS NOT NULL THEN o.email END AS organizer_email,
  b.refund_full_hours,
  b.refund_percent,
  b.refund_none_hours
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS o
  ON o.id = e.organizer_id
LEFT JOIN venues AS v
  ON v.id = e.venue_id
WHERE
  b.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  b.id
-- takes: @ids[0], @ids[1]
