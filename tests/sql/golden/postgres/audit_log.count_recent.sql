SELECT
  COUNT(*) AS times,
  COALESCE(
    CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(MIN(created_at) AS timestamp))) / 1 AS integer),
    0
  ) AS oldest
FROM audit_log
WHERE
  subject = 'booking'
  AND subject_id = CAST(? AS bigint)
  AND action = CAST(? AS varchar)
  AND created_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-1) * INTERVAL '1 hour')
-- takes: @booking_id, @action
