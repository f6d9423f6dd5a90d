SELECT
  password_hash
FROM users
WHERE
  id = CAST(? AS bigint)
-- takes: @id
