SELECT
  b.id AS booking_id,
  e.status,
  e.starts_at,
  e.organizer_id,
  e.refund_full_hours,
  e.refund_percent,
  e.refund_none_hours,
  e.moved_up_to,
  COALESCE(b.refund_full_hours, e.refund_full_hours) AS promised_full_hours,
  COALESCE(b.refund_percent, e.refund_percent) AS promised_percent,
  COALESCE(b.refund_none_hours, e.refund_none_hours) AS promised_none_hours,
  COALESCE(b.promised_starts_at, e.starts_at) AS promised_starts_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  b.id = CAST(? AS bigint)
-- takes: @id
