UPDATE bookings SET status = 'PENDING'
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND bookings.status = 'PENDING'
  AND bookings.hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND EXISTS(
    SELECT
      1
    FROM events AS e
    WHERE
      e.id = bookings.event_id
      AND NOT (
        COALESCE(e.ends_at, e.starts_at) <= CASE
          WHEN e.ends_at IS NULL
          THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-24) * INTERVAL '1 hour')
          ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
        END
      )
  )
RETURNING event_id, total, currency
-- takes: @id, @user_id
