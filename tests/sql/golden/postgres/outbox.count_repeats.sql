UPDATE outbox SET repeats = repeats + 1
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @ids[0], @ids[1]
