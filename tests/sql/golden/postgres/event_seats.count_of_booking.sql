SELECT
  category_no,
  COUNT(*) AS seats
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND booking_id = CAST(? AS bigint)
GROUP BY
  category_no
-- takes: @event_id, @booking_id
