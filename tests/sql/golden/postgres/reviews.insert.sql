INSERT INTO reviews (
  user_id,
  event_id,
  rating,
  comment
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS integer), CAST(? AS varchar))
RETURNING id
-- takes: @user_id, @event_id, @rating, @comment
