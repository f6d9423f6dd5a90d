SELECT
  COUNT(*) AS overdue
FROM outbox
WHERE
  state = 'PENDING'
  AND available_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
-- takes: @seconds
