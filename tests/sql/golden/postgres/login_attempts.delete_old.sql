DELETE FROM login_attempts
WHERE
  window_ends_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: nothing
