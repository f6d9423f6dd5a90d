UPDATE users SET is_active = 1
WHERE
  role = 'ADMIN' AND is_active = 1
RETURNING id
-- takes: nothing
