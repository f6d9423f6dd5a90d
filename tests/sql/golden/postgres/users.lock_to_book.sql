SELECT
  id
FROM users
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  id
FOR NO KEY UPDATE OF users
-- takes: @ids[0], @ids[1]
