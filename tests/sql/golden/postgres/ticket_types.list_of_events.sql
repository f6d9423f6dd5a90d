SELECT
  event_id,
  id,
  name,
  price,
  capacity,
  available
FROM ticket_types
WHERE
  event_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  event_id NULLS FIRST,
  sort_order NULLS FIRST,
  id
-- takes: @event_ids[0], @event_ids[1]
