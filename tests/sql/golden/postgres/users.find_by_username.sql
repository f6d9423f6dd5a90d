SELECT
  id,
  password_hash,
  is_active
FROM users
WHERE
  username_folded = CAST(? AS varchar)
-- takes: @folded
