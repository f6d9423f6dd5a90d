UPDATE outbox SET repeats = repeats + 1
WHERE
  id = CAST(? AS bigint)
-- takes: @id
