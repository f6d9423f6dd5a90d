UPDATE announcements SET state = 'DONE'
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint)) AND state = 'NEW'
-- takes: @ids[0], @ids[1]
