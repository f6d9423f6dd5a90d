UPDATE bookings SET status = 'EXPIRED', hold_expires_at = NULL, expired_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  status = 'PENDING'
  AND hold_expires_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND id = ANY(ARRAY(
    SELECT
      id
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint)
      AND status = 'PENDING'
      AND hold_expires_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    ORDER BY
      hold_expires_at NULLS FIRST,
      id
    LIMIT CAST(? AS integer)
    FOR NO KEY UPDATE OF bookings SKIP LOCKED
  ))
RETURNING id, user_id
-- takes: @event_id, @limit
