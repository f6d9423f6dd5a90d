SELECT
  b.status,
  b.hold_expires_at,
  e.starts_at,
  e.ends_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  b.id = CAST(? AS bigint) AND b.user_id = CAST(? AS bigint)
-- takes: @id, @user_id
