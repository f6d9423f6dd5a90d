SELECT
  id,
  password_hash,
  is_active
FROM users
WHERE
  email_folded = CAST(? AS varchar)
-- takes: @folded
