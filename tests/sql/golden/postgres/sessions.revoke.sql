UPDATE sessions SET revoked_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND revoked_at IS NULL AND (
    CAST(? AS bigint) IS NULL OR user_id = CAST(? AS bigint)
  )
RETURNING user_id
-- takes: @id, @user_id, @user_id
