SELECT
  id,
  user_id,
  reference,
  contact_email,
  locale
FROM bookings
WHERE
  event_id = CAST(? AS bigint)
  AND status IN (CAST(? AS varchar), CAST(? AS varchar))
  AND id <= CAST(? AS bigint)
  AND user_id > CAST(? AS bigint)
  AND user_id <= CAST(? AS bigint)
ORDER BY
  id
-- takes: @event_id, @statuses[0], @statuses[1], @up_to, @after, @last
