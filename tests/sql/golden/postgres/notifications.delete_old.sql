DELETE FROM notifications
WHERE
  created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
  AND id <= (
    SELECT
      MAX(first.id)
    FROM (
      SELECT
        id
      FROM notifications
      ORDER BY
        id
      LIMIT CAST(? AS integer)
    ) AS first
  )
-- takes: @days, @limit
