SELECT
  b.id,
  b.reference,
  b.user_id,
  u.is_guest,
  b.contact_email,
  CAST(NULL AS varchar(64)) AS mailed_to,
  CAST(NULL AS timestamp(3)) AS made_at,
  CASE
    WHEN (COALESCE(e.ends_at, e.starts_at) + CAST(? AS integer) * INTERVAL '1 day') > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    AND b.links_ended_at IS NULL
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
