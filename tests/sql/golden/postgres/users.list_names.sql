SELECT
  id,
  name
FROM users
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @ids[0], @ids[1]
