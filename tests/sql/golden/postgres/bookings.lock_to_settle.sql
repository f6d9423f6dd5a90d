UPDATE bookings SET status = status
WHERE
  id = CAST(? AS bigint)
RETURNING status
-- takes: @id
