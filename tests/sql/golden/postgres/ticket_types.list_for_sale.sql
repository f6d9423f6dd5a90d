SELECT
  id,
  name,
  price,
  available
FROM ticket_types
WHERE
  event_id = CAST(? AS bigint)
ORDER BY
  sort_order NULLS FIRST,
  id
-- takes: @event_id
