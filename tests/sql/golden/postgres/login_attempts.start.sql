INSERT INTO login_attempts (
  bucket,
  attempts,
  window_ends_at
)
SELECT
  CAST(? AS varchar),
  0,
  (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM login_attempts
    WHERE
      bucket = CAST(? AS varchar)
  )
-- takes: @bucket, @window, @bucket
