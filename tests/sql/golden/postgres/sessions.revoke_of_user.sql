UPDATE sessions SET revoked_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  user_id = CAST(? AS bigint) AND revoked_at IS NULL AND (
    CAST(? AS bigint) IS NULL OR id <> CAST(? AS bigint)
  )
-- takes: @user_id, @kept, @kept
