SELECT
  id,
  name,
  username,
  email,
  email_folded,
  email_confirmed_at,
  locale
FROM users
WHERE
  id = CAST(? AS bigint) AND is_active = 1
-- takes: @id
