DELETE FROM reviews
WHERE
  id = CAST(? AS bigint) AND removed_at IS NULL
-- takes: @id
