UPDATE bookings SET status = 'PENDING'
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS w(booking_id bigint, user_id bigint)
WHERE
  bookings.id = w.booking_id
  AND bookings.user_id = w.user_id
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
RETURNING bookings.id, bookings.event_id, bookings.total, bookings.currency
-- takes: @wishes
