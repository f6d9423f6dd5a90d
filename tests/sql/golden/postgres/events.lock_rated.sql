UPDATE events SET rating_count = rating_count
WHERE
  id = CAST(? AS bigint)
RETURNING status, starts_at, ends_at, CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
-- takes: @id
