DELETE FROM outbox
WHERE
  emptied_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
  AND id <= (
    SELECT
      MAX(first.id)
    FROM (
      SELECT
        id
      FROM outbox
      ORDER BY
        id
      LIMIT CAST(? AS integer)
    ) AS first
  )
-- takes: @days, @limit
