INSERT INTO seating_plan_versions (
  plan_id,
  version,
  layout,
  sha256,
  seats,
  categories
)
VALUES
  (CAST(? AS bigint), CAST(? AS integer), CAST(? AS bytea), CAST(? AS varchar), CAST(? AS integer), CAST(? AS text))
-- takes: @plan_id, @version, @layout, @sha256, @seats, @categories
