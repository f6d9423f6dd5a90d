UPDATE bookings SET user_id = CAST(? AS bigint)
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND NOT EXISTS(
    SELECT
      1
    FROM payments AS p
    WHERE
      p.booking_id = bookings.id
  )
-- takes: @to_id, @id, @from_id
