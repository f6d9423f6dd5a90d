DELETE FROM rate_counters
WHERE
  free_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND bucket = ANY(ARRAY(
    SELECT
      bucket
    FROM rate_counters
    WHERE
      free_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    ORDER BY
      free_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF rate_counters SKIP LOCKED
  ))
-- takes: @limit
