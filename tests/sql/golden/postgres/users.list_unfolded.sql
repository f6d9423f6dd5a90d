SELECT
  id
FROM users
WHERE
  name_folded IS NULL
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
