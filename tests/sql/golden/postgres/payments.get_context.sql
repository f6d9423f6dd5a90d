SELECT
  p.booking_id,
  p.user_id,
  b.event_id,
  b.quantity,
  e.version,
  e.per_user_limit,
  e.starts_at,
  e.sales_end,
  COALESCE(e.ends_at, (e.starts_at + CAST(? AS integer) * INTERVAL '1 hour')) AS over_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM payments AS p
INNER JOIN bookings AS b
  ON b.id = p.booking_id
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  p.id = CAST(? AS bigint)
-- takes: @hours, @id
