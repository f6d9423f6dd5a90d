UPDATE payments SET ask_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  ask_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND id = ANY(ARRAY(
    SELECT
      id
    FROM payments
    WHERE
      ask_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    ORDER BY
      ask_at NULLS FIRST,
      id
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF payments SKIP LOCKED
  ))
RETURNING id, reference
-- takes: @seconds, @limit
