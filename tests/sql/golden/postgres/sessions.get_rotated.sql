SELECT
  s.user_id,
  s.rotated_at,
  s.expires_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS now
FROM sessions AS s
INNER JOIN users AS u
  ON u.id = s.user_id
WHERE
  s.id = CAST(? AS bigint)
  AND s.refresh_hash = CAST(? AS varchar)
  AND s.previous_hash = CAST(? AS varchar)
  AND s.revoked_at IS NULL
  AND s.rotated_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND s.expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND u.is_active = 1
-- takes: @id, @new_hash, @old_hash, @grace
