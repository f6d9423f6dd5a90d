SELECT
  name,
  available,
  on_sale,
  price
FROM ticket_types
WHERE
  id = CAST(? AS bigint)
-- takes: @id
