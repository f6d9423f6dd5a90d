SELECT
  COUNT(*) AS users
FROM users
-- takes: nothing
