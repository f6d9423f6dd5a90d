UPDATE ticket_types SET available = available - (
  SELECT
    SUM(t.quantity)
  FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS t(id bigint, quantity integer)
  WHERE
    t.id = ticket_types.id
)
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND event_id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND on_sale = 1
  AND EXISTS(
    SELECT
      1
    FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS t(id bigint, quantity integer, list_price numeric, currency varchar, seated integer)
    WHERE
      t.id = ticket_types.id
      AND t.quantity <= ticket_types.available
      AND t.list_price = ticket_types.price
      AND t.currency = ticket_types.currency
      AND t.seated = ticket_types.seated
  )
RETURNING id
-- takes: @takings, @ids[0], @ids[1], @event_ids[0], @event_ids[1], @takings
