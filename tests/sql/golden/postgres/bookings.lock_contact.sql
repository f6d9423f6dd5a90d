SELECT
  id,
  user_id,
  event_id,
  contact_name,
  contact_email,
  contact_proved_at,
  locale
FROM bookings
WHERE
  id = CAST(? AS bigint)
FOR NO KEY UPDATE OF bookings
-- takes: @id
