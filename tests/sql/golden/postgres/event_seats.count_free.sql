SELECT
  category_no,
  COUNT(*) AS seats
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND state = 0 AND seat_no IN (CAST(? AS bigint), CAST(? AS bigint))
GROUP BY
  category_no
-- takes: @event_id, @seat_nos[0], @seat_nos[1]
