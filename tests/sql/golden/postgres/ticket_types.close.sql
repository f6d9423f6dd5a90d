UPDATE ticket_types SET on_sale = 0
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @id, @event_id
