DELETE FROM sessions
WHERE
  id = ANY(ARRAY(
    SELECT
      id
    FROM sessions
    WHERE
      expires_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
    ORDER BY
      expires_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF sessions SKIP LOCKED
  ))
-- takes: @days, @limit
