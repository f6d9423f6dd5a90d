UPDATE sessions SET expires_at = CASE
  WHEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second') < (created_at + CAST(? AS integer) * INTERVAL '1 second')
  THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
  ELSE (created_at + CAST(? AS integer) * INTERVAL '1 second')
END
WHERE
  id = CAST(? AS bigint)
  AND revoked_at IS NULL
  AND expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: @idle, @most, @idle, @most, @id
