UPDATE ticket_types SET available = available + CAST(? AS integer)
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @quantity, @id, @event_id
