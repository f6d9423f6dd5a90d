UPDATE ticket_types SET on_sale = CAST(? AS smallint)
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint)
-- takes: @on_sale, @id, @event_id
