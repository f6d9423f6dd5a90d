SELECT
  o.method
FROM bookings AS b
INNER JOIN event_payment_options AS o
  ON o.event_id = b.event_id
WHERE
  b.id = CAST(? AS bigint)
ORDER BY
  o.method NULLS FIRST
-- takes: @booking_id
