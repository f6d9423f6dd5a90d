UPDATE login_attempts SET attempts = CASE
  WHEN window_ends_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  THEN 1
  ELSE attempts + 1
END, window_ends_at = CASE
  WHEN window_ends_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
  ELSE window_ends_at
END
WHERE
  bucket = CAST(? AS varchar)
RETURNING attempts, window_ends_at, CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS counted_at
-- takes: @window, @bucket
