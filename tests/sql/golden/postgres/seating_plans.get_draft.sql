SELECT
  layout
FROM seating_plans
WHERE
  id = CAST(? AS bigint)
-- takes: @id
