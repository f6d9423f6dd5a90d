SELECT
  id,
  owner_id,
  venue_id,
  name,
  seats,
  faults,
  published,
  shared,
  revision,
  created_at,
  updated_at
FROM seating_plans
WHERE
  id = CAST(? AS bigint)
-- takes: @id
