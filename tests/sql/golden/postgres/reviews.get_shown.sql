SELECT
  id,
  event_id,
  user_id,
  rating
FROM reviews
WHERE
  id = CAST(? AS bigint) AND removed_at IS NULL
-- takes: @id
