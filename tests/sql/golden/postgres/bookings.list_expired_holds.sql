SELECT
  id
FROM bookings
WHERE
  status = 'PENDING'
  AND hold_expires_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  hold_expires_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @limit
