SELECT
  plan_id,
  version,
  sha256,
  seats,
  categories,
  created_at
FROM seating_plan_versions
WHERE
  plan_id = CAST(? AS bigint) AND version = CAST(? AS integer)
-- takes: @plan_id, @version
