SELECT
  id,
  rating,
  removed_at
FROM reviews
WHERE
  user_id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @user_id, @event_id
