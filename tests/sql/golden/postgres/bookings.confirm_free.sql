UPDATE bookings SET status = 'CONFIRMED', confirmed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), hold_expires_at = NULL
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND total = 0
  AND hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND EXISTS(
    SELECT
      1
    FROM events AS e
    WHERE
      e.id = bookings.event_id AND e.status = 'PUBLISHED'
  )
RETURNING event_id
-- takes: @id, @user_id
