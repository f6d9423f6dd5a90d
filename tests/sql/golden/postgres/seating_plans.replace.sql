UPDATE seating_plans SET venue_id = CAST(? AS bigint), name = CAST(? AS varchar), layout = CAST(? AS bytea), seats = CAST(? AS integer), faults = CAST(? AS integer), shared = CAST(? AS smallint), revision = revision + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND revision = CAST(? AS integer)
-- takes: @venue_id, @name, @layout, @seats, @faults, @shared, @id, @revision
