UPDATE bookings SET contact_proved_at = NULL
WHERE
  id = CAST(? AS bigint)
-- takes: @id
