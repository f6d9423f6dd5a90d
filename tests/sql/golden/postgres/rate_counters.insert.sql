INSERT INTO rate_counters (
  bucket,
  free_at
)
SELECT
  s.bucket,
  (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + s.seconds * INTERVAL '1 second')
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS s(bucket varchar, seconds integer)
RETURNING bucket, CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(free_at AS timestamp)) - DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp))) / 1 AS integer) AS seconds
-- takes: @sums
