SELECT
  b.id,
  b.reference,
  b.user_id,
  u.is_guest,
  b.contact_email,
  l.mailed_to,
  l.created_at AS made_at,
  CASE
    WHEN (COALESCE(e.ends_at, e.starts_at) + CAST(? AS integer) * INTERVAL '1 day') > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    AND (
      b.links_ended_at IS NULL OR b.links_ended_at <= l.created_at
    )
    THEN 1
    ELSE 0
  END AS works
FROM booking_links AS l
INNER JOIN bookings AS b
  ON b.reference = l.reference
INNER JOIN events AS e
  ON e.id = b.event_id
INNER JOIN users AS u
  ON u.id = b.user_id
WHERE
  l.token_hash = CAST(? AS varchar)
-- takes: @days, @token_hash
