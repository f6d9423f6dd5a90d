SELECT
  id
FROM bookings
WHERE
  id < CAST(? AS bigint)
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @limit
