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
  id > CAST(? AS bigint)
  AND (
    CAST(? AS varchar) IS NULL OR role = CAST(? AS varchar)
  )
  AND (
    LOWER(name) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    OR name_folded LIKE CAST(? AS varchar) ESCAPE '!'
    OR LOWER(username) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
    OR LOWER(email) LIKE LOWER(CAST(? AS varchar)) ESCAPE '!'
  )
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @after, @role, @role, @pattern, @folded_pattern, @pattern, @pattern, @limit
