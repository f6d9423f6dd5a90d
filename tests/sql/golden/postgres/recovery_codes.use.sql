UPDATE recovery_codes SET used_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  code_hash = CAST(? AS varchar) AND user_id = CAST(? AS bigint) AND used_at IS NULL
-- takes: @code_hash, @user_id
