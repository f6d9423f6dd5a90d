SELECT
  hold_expires_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS now
FROM bookings
WHERE
  id = CAST(? AS bigint)
-- takes: @id
