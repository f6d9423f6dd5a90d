UPDATE users SET password_hash = CAST(? AS varchar)
WHERE
  username_folded = CAST(? AS varchar) AND is_active = 1
RETURNING id
-- takes: @new_hash, @username_folded
