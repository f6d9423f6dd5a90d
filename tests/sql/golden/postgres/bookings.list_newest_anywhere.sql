SELECT
  b.id
FROM bookings AS b
WHERE
  b.id < CAST(? AS bigint) AND (
    CAST(? AS varchar) IS NULL OR b.status = CAST(? AS varchar)
  )
ORDER BY
  b.id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @status, @status, @limit
