UPDATE announcements SET to_publish = 0
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @ids[0], @ids[1]
