INSERT INTO seating_plans (
  owner_id,
  venue_id,
  name,
  layout,
  seats,
  faults,
  shared
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS varchar), CAST(? AS bytea), CAST(? AS integer), CAST(? AS integer), CAST(? AS smallint))
RETURNING id, owner_id, venue_id, name, seats, faults, published, shared, revision, created_at, updated_at
-- takes: @owner_id, @venue_id, @name, @layout, @seats, @faults, @shared
