UPDATE ticket_types SET name = CAST(? AS varchar), price = CAST(? AS numeric), currency = CAST(? AS varchar), sort_order = CAST(? AS integer), available = available + (
  CAST(? AS integer) - capacity
), capacity = CAST(? AS integer)
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND available + (
    CAST(? AS integer) - capacity
  ) >= 0
-- takes: @name, @price, @currency, @sort_order, @capacity, @capacity, @id, @event_id, @capacity
