SELECT
  name,
  available,
  on_sale,
  price,
  currency
FROM ticket_types
WHERE
  id = CAST(? AS bigint)
-- takes: @id
