SELECT
  id,
  device,
  address,
  created_at,
  COALESCE(rotated_at, created_at) AS last_used_at
FROM sessions
WHERE
  user_id = CAST(? AS bigint)
  AND revoked_at IS NULL
  AND expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @limit
