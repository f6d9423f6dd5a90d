UPDATE sessions SET refresh_hash = CAST(? AS varchar), rotation = rotation + 1, expires_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint)
  AND refresh_hash = CAST(? AS varchar)
  AND revoked_at IS NULL
  AND expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND EXISTS(
    SELECT
      1
    FROM users AS u
    WHERE
      u.id = sessions.user_id AND u.is_active = 1
  )
RETURNING user_id, rotation
-- takes: @new_hash, @seconds, @id, @old_hash
