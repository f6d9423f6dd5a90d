SELECT
  reference,
  status,
  amount,
  currency
FROM payments
WHERE
  CAST(? AS integer) = 0
  OR created_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (1 - CAST(? AS integer)) * INTERVAL '1 day')
-- takes: @days, @days
