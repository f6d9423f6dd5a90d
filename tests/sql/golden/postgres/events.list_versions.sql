SELECT
  id,
  version
FROM events
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  id
-- takes: @ids[0], @ids[1]
