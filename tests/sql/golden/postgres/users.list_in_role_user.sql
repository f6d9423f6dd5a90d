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
  email_confirmed_at,
  second_factor_at,
  created_at
FROM users
WHERE
  role = 'USER' AND id > CAST(? AS bigint)
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @after, @limit
