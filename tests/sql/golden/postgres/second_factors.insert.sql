INSERT INTO second_factors (
  user_id,
  seed
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar))
-- takes: @user_id, @seed
