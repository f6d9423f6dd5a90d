DELETE FROM refusals
WHERE
  EXISTS(
    SELECT
      1
    FROM (
      SELECT
        minute_at,
        address,
        code
      FROM refusals
      WHERE
        minute_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
      ORDER BY
        minute_at NULLS FIRST
      LIMIT CAST(? AS integer)
    ) AS old
    WHERE
      old.minute_at = refusals.minute_at AND old.address = refusals.address AND old.code = refusals.code
  )
-- takes: @days, @limit
