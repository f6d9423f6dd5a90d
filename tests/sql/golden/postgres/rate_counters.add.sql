UPDATE rate_counters SET free_at = ((CASE
  WHEN rate_counters.free_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  THEN rate_counters.free_at
  ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
END) + s.seconds * INTERVAL '1 second')
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS s(bucket varchar, seconds integer)
WHERE
  rate_counters.bucket = s.bucket
RETURNING rate_counters.bucket, CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(rate_counters.free_at AS timestamp)) - DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp))) / 1 AS integer) AS seconds
-- takes: @sums
