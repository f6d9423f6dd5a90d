SELECT
  is_active
FROM users
WHERE
  id = CAST(? AS bigint)
-- takes: @id
