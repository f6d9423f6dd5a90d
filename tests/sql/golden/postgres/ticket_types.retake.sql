UPDATE ticket_types SET available = available - CAST(? AS integer)
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND available >= CAST(? AS integer) AND on_sale = 1 AND seated = CAST(? AS smallint)
RETURNING available
-- takes: @quantity, @id, @event_id, @quantity, @seated
