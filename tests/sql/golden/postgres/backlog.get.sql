SELECT
  due.pending,
  due.oldest_seconds,
  dead.messages AS dead,
  announced.pending AS fan_out_pending,
  announced.oldest_seconds AS fan_out_oldest_seconds,
  published.pending AS relay_pending,
  published.oldest_seconds AS relay_oldest_seconds,
  holds.holding AS holds_open,
  holds.overdue AS holds_overdue,
  refunded.given_up AS refunds_given_up,
  paid.stuck AS payments_stuck,
  waiting.payments AS payments_pending,
  cancelling.unfinished AS cancellations_unfinished,
  cancelling.oldest_seconds AS cancellations_oldest_seconds
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
    COUNT(*) AS pending,
    COALESCE(
      CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(MIN(available_at) AS timestamp))) / 1 AS integer),
      0
    ) AS oldest_seconds
  FROM announcements
  WHERE
    state = 'NEW' AND available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
) AS announced
CROSS JOIN (
  SELECT
    COUNT(*) AS pending,
    COALESCE(
      CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(MIN(available_at) AS timestamp))) / 1 AS integer),
      0
    ) AS oldest_seconds
  FROM announcements
  WHERE
    to_publish = 1
) AS published
CROSS JOIN (
  SELECT
    COUNT(*) AS holding,
    COUNT(CASE WHEN hold_expires_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) THEN 1 END) AS overdue
  FROM bookings
  WHERE
    status = 'PENDING'
) AS holds
CROSS JOIN (
  SELECT
    COUNT(*) AS given_up
  FROM refunds
  WHERE
    status = 'FAILED' AND attempts >= CAST(? AS integer)
) AS refunded
CROSS JOIN (
  SELECT
    COUNT(*) AS stuck
  FROM payments
  WHERE
    status = 'PROCESSING'
    AND COALESCE(pending_until, created_at) < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
) AS paid
CROSS JOIN (
  SELECT
    COUNT(*) AS payments
  FROM payments
  WHERE
    ask_at IS NOT NULL
) AS waiting
CROSS JOIN (
  SELECT
    COUNT(*) AS unfinished,
    COALESCE(
      CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(MIN(started_at) AS timestamp))) / 1 AS integer),
      0
    ) AS oldest_seconds
  FROM event_cancellations
  WHERE
    finished_at IS NULL
) AS cancelling
-- takes: @max_attempts, @stuck_seconds
