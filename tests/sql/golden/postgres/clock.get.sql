SELECT
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
-- takes: nothing
