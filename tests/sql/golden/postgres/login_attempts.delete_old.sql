DELETE FROM login_attempts
WHERE
  window_ends_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND bucket = ANY(ARRAY(
    SELECT
      bucket
    FROM login_attempts
    WHERE
      window_ends_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    ORDER BY
      window_ends_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF login_attempts SKIP LOCKED
  ))
-- takes: @limit
