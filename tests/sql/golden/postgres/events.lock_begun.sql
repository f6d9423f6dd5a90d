UPDATE events SET rating_count = rating_count
WHERE
  id IN (
    SELECT
      b.event_id
    FROM bookings AS b
    WHERE
      b.id = CAST(? AS bigint)
  )
  AND starts_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: @booking_id
