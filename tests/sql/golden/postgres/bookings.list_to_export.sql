SELECT
  b.id,
  b.reference,
  b.status,
  COALESCE(b.contact_name, u.name) AS name,
  COALESCE(b.contact_email, u.email) AS email,
  b.quantity,
  b.total,
  b.currency,
  b.given_by,
  b.created_at,
  b.confirmed_at
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.event_id = CAST(? AS bigint) AND b.status = CAST(? AS varchar) AND b.id > CAST(? AS bigint)
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @event_id, @status, @after, @limit
