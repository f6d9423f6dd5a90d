DELETE FROM single_use_tokens
WHERE
  token_hash = ANY(ARRAY(
    SELECT
      token_hash
    FROM single_use_tokens
    WHERE
      expires_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
    ORDER BY
      expires_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF single_use_tokens SKIP LOCKED
  ))
-- takes: @days, @limit
