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
  is_active,
  created_at
FROM users
WHERE
  id = CAST(? AS bigint)
-- takes: @id
