SELECT
  seat_no,
  category_no
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND seat_no IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @event_id, @seat_nos[0], @seat_nos[1]
