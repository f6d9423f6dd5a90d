INSERT INTO booking_links (
  token_hash,
  reference,
  mailed_to,
  expires_at
)
SELECT
  m.token_hash,
  m.reference,
  m.mailed_to,
  (COALESCE(e.ends_at, e.starts_at) + CAST(? AS integer) * INTERVAL '1 day')
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS m(token_hash varchar, reference varchar, mailed_to varchar)
INNER JOIN bookings AS b
  ON b.reference = m.reference
INNER JOIN events AS e
  ON e.id = b.event_id
-- takes: @days, @links
