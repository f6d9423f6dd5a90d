SELECT
  seed,
  enrolled_at
FROM second_factors
WHERE
  user_id = CAST(? AS bigint)
-- takes: @user_id
