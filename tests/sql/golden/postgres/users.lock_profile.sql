SELECT
  name,
  phone,
  city,
  bio,
  locale
FROM users
WHERE
  id = CAST(? AS bigint)
FOR NO KEY UPDATE OF users
-- takes: @id
