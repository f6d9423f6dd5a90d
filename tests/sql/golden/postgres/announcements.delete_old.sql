DELETE FROM announcements
WHERE
  id = ANY(ARRAY(
    SELECT
      id
    FROM announcements
    WHERE
      state = 'DONE'
      AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
    ORDER BY
      created_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF announcements SKIP LOCKED
  ))
-- takes: @days, @limit
