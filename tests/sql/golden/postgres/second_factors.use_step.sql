UPDATE second_factors SET last_step = CAST(? AS bigint)
WHERE
  user_id = CAST(? AS bigint) AND enrolled_at IS NOT NULL AND last_step < CAST(? AS bigint)
-- takes: @step, @user_id, @step
