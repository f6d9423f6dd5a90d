UPDATE ticket_types SET available = available - CAST(? AS integer)
WHERE
  id = CAST(? AS bigint)
  AND event_id = CAST(? AS bigint)
  AND available >= CAST(? AS integer)
  AND price = CAST(? AS numeric)
  AND currency = CAST(? AS varchar)
  AND seated = CAST(? AS smallint)
RETURNING available
-- takes: @quantity, @id, @event_id, @quantity, @list_price, @currency, @seated
