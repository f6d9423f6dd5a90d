DELETE FROM booking_links
WHERE
  token_hash = ANY(ARRAY(
    SELECT
      token_hash
    FROM booking_links
    WHERE
      expires_at < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    ORDER BY
      expires_at NULLS FIRST
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF booking_links SKIP LOCKED
  ))
  AND NOT EXISTS(
    SELECT
      1
    FROM bookings AS b
    INNER JOIN events AS e
      ON e.id = b.event_id
    WHERE
      b.reference = booking_links.reference
      AND COALESCE(e.ends_at, e.starts_at) > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
  )
-- takes: @limit, @days
