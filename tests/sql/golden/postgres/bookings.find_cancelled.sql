SELECT
  id
FROM bookings
WHERE
  status = 'CANCELLED' AND id < CAST(? AS bigint)
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @limit
