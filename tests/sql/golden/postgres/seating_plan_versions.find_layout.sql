SELECT
  layout
FROM seating_plan_versions
WHERE
  sha256 = CAST(? AS varchar)
ORDER BY
  plan_id NULLS FIRST,
  version NULLS FIRST
LIMIT 1
-- takes: @sha256
