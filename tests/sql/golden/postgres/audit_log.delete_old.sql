DELETE FROM audit_log
WHERE
  created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
  AND id IN (
    SELECT
      id
    FROM audit_log
    ORDER BY
      id
    LIMIT CAST(? AS integer)
  )
-- takes: @days, @limit
