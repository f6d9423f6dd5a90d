SELECT
  id
FROM bookings
WHERE
  status = 'CONFIRMED' AND id < CAST(? AS bigint)
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @limit
