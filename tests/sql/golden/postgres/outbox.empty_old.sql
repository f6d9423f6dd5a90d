UPDATE outbox SET recipient = '', payload = '{}', last_error = NULL, emptied_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = ANY(ARRAY(
    SELECT
      id
    FROM outbox
    WHERE
      state IN ('SENT', 'DEAD')
      AND emptied_at IS NULL
      AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
    ORDER BY
      created_at NULLS FIRST,
      id
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF outbox SKIP LOCKED
  ))
-- takes: @days, @limit
