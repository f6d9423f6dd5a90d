INSERT INTO ticket_types (
  event_id,
  name,
  price,
  currency,
  capacity,
  available,
  on_sale,
  sort_order
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar), CAST(? AS numeric), CAST(? AS varchar), CAST(? AS integer), CAST(? AS integer), CAST(? AS smallint), CAST(? AS integer))
-- takes: @event_id, @name, @price, @currency, @capacity, @capacity, @on_sale, @sort_order
