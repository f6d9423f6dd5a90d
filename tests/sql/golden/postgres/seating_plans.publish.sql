UPDATE seating_plans SET published = CAST(? AS integer), updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND revision = CAST(? AS integer) AND COALESCE(published, 0) = CAST(? AS integer) - 1
-- takes: @version, @id, @revision, @version
