SELECT
  b.id,
  b.reference,
  b.status,
  b.quantity,
  b.total,
  b.currency,
  b.hold_expires_at,
  e.title,
  e.starts_at,
  e.ends_at,
  e.timezone,
  COALESCE(v.name, e.address) AS place,
  v.city
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
LEFT JOIN venues AS v
  ON v.id = e.venue_id
WHERE
  b.user_id = CAST(? AS bigint)
  AND (
    CAST(? AS bigint) IS NULL OR b.id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR b.id < CAST(? AS bigint)
  )
ORDER BY
  b.id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @only, @only, @before, @before, @limit
