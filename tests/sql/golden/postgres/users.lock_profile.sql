SELECT
  name,
  phone,
  city,
  bio
FROM users
WHERE
  id = CAST(? AS bigint)
FOR UPDATE OF users
-- takes: @id
