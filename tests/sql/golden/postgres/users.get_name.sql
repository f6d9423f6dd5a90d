SELECT
  name
FROM users
WHERE
  id = CAST(? AS bigint)
-- takes: @id
