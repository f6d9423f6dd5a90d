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
  (
    CAST(? AS bigint) IS NULL OR owner_id = CAST(? AS bigint) OR shared = 1
  )
  AND (
    CAST(? AS bigint) IS NULL OR id < CAST(? AS bigint)
  )
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @viewer_id, @viewer_id, @before, @before, @limit
