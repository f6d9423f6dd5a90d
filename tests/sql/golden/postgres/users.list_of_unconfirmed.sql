SELECT
  id
FROM users
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint)) AND email_confirmed_at IS NULL
-- takes: @ids[0], @ids[1]
