UPDATE outbox SET state = 'PENDING', attempts = 0, available_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  state = 'DEAD'
  AND emptied_at IS NULL
  AND id = ANY(ARRAY(
    SELECT
      id
    FROM outbox
    WHERE
      state = 'DEAD' AND emptied_at IS NULL
    ORDER BY
      id
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF outbox SKIP LOCKED
  ))
-- takes: @limit
