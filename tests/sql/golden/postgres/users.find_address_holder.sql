SELECT
  id,
  email_confirmed_at
FROM users
WHERE
  email_folded = CAST(? AS varchar)
-- takes: @email_folded
