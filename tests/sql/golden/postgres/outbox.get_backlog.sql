SELECT
  due.pending,
  due.oldest_seconds,
  dead.messages AS dead,
  holds.overdue AS holds_overdue
FROM (
  SELECT
    COUNT(*) AS pending,
    COALESCE(
      CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(MIN(available_at) AS timestamp))) / 1 AS integer),
      0
    ) AS oldest_seconds
  FROM outbox
  WHERE
    state = 'PENDING'
) AS due
CROSS JOIN (
  SELECT
    COUNT(*) AS messages
  FROM outbox
  WHERE
    state = 'DEAD' AND emptied_at IS NULL
) AS dead
CROSS JOIN (
  SELECT
    COUNT(*) AS overdue
  FROM bookings
  WHERE
    status = 'PENDING' AND hold_expires_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
) AS holds
-- takes: nothing
