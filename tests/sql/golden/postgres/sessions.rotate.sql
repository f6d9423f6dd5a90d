UPDATE sessions SET refresh_hash = CAST(? AS varchar), previous_hash = CAST(? AS varchar), rotation = rotation + 1, rotated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), expires_at = CASE
  WHEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second') < (created_at + CAST(? AS integer) * INTERVAL '1 second')
  THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
  ELSE (created_at + CAST(? AS integer) * INTERVAL '1 second')
END
WHERE
  id = CAST(? AS bigint)
  AND refresh_hash = CAST(? AS varchar)
  AND revoked_at IS NULL
  AND expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND created_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND EXISTS(
    SELECT
      1
    FROM users AS u
    WHERE
      u.id = sessions.user_id AND u.is_active = 1
  )
-- takes: @new_hash, @old_hash, @seconds, @most, @seconds, @most, @id, @old_hash, @most
