SELECT
  b.id,
  b.event_id,
  b.quantity,
  e.per_user_limit
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.user_id = CAST(? AS bigint)
  AND u.is_guest = 1
  AND b.status = 'PENDING'
  AND b.hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND NOT EXISTS(
    SELECT
      1
    FROM payments AS p
    WHERE
      p.booking_id = b.id
  )
ORDER BY
  b.event_id NULLS FIRST,
  b.id
-- takes: @user_id
