UPDATE reviews SET rating = rating
WHERE
  id = CAST(? AS bigint) AND removed_at IS NULL
-- takes: @id
