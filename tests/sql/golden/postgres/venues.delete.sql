DELETE FROM venues
WHERE
  id = CAST(? AS bigint)
-- takes: @id
