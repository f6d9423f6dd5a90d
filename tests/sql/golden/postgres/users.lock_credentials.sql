UPDATE users SET is_active = 1
WHERE
  id = CAST(? AS bigint) AND password_hash = CAST(? AS varchar) AND is_active = 1
-- takes: @id, @password_hash
