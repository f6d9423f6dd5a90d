SELECT
  b.id,
  b.user_id,
  u.is_guest,
  CASE
    WHEN (COALESCE(e.ends_at, e.starts_at) + CAST(? AS integer) * INTERVAL '1 day') > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    THEN 1
    ELSE 0
  END AS works
FROM bookings AS b
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  b.reference = CAST(? AS varchar)
-- takes: @days, @reference
