UPDATE second_factors SET enrolled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), last_step = CAST(? AS bigint)
WHERE
  user_id = CAST(? AS bigint) AND seed = CAST(? AS varchar) AND enrolled_at IS NULL
-- takes: @step, @user_id, @seed
