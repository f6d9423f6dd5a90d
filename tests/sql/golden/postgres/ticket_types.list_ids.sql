SELECT
  id
FROM ticket_types
WHERE
  event_id = CAST(? AS bigint)
ORDER BY
  id
-- takes: @event_id
