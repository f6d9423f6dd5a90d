SELECT
  COALESCE(b.contact_name, u.name) AS name,
  COALESCE(b.contact_email, u.email) AS email
FROM bookings AS b
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.id = CAST(? AS bigint)
-- takes: @id
