DELETE FROM gateway_notices
WHERE
  notice_key = ANY(ARRAY(
    SELECT
      notice_key
    FROM gateway_notices
    WHERE
      received_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
    ORDER BY
      received_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF gateway_notices SKIP LOCKED
  ))
-- takes: @days, @limit
