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
  email_folded = CAST(? AS varchar) AND is_active = 1
-- takes: @email_folded
