DELETE FROM sessions
WHERE
  expires_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
-- takes: @days
