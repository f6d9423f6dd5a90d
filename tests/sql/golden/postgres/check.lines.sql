SELECT
  b.id,
  b.quantity,
  b.total,
  COALESCE(sums.quantity, 0) AS of_lines
FROM bookings AS b
LEFT JOIN (
  SELECT
    booking_id,
    SUM(quantity) AS quantity,
    SUM(quantity * unit_price) AS total
  FROM booking_lines
  GROUP BY
    booking_id
) AS sums
  ON sums.booking_id = b.id
WHERE
  sums.quantity IS NULL OR b.quantity <> sums.quantity OR b.total <> sums.total
ORDER BY
  b.id
LIMIT CAST(? AS integer)
-- takes: @limit
