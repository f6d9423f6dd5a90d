SELECT
  id,
  email,
  name,
  username,
  role,
  phone,
  city,
  bio,
  locale,
  created_at
FROM users
WHERE
  id = CAST(? AS bigint)
-- takes: @id
