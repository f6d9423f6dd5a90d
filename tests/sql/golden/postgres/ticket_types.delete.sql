DELETE FROM ticket_types
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @id, @event_id
