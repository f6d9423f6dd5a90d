UPDATE single_use_tokens SET used_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  user_id = CAST(? AS bigint) AND used_at IS NULL
-- takes: @user_id
