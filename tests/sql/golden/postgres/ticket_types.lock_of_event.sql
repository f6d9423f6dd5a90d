SELECT
  id,
  name,
  price,
  currency,
  capacity,
  available,
  sort_order,
  seated
FROM ticket_types
WHERE
  event_id = CAST(? AS bigint)
ORDER BY
  id
FOR NO KEY UPDATE OF ticket_types
-- takes: @event_id
