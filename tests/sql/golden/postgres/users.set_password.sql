UPDATE users SET password_hash = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint) AND password_hash = CAST(? AS varchar)
-- takes: @new_hash, @id, @old_hash
