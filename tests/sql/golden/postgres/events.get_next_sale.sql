SELECT
  MIN(sales_start) AS begins_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM events
WHERE
  sales_start IS NOT NULL
  AND sales_start > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: nothing
