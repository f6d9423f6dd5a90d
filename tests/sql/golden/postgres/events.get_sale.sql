SELECT
  id,
  title,
  status,
  currency,
  per_user_limit,
  starts_at,
  sales_start,
  sales_end,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM events
WHERE
  id = CAST(? AS bigint)
-- takes: @id
