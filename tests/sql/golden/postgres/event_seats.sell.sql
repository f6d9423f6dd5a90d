UPDATE event_seats SET state = 2, changed = (
  SELECT
    s.sequence + 1
  FROM event_seating AS s
  WHERE
    s.event_id = CAST(? AS bigint)
)
WHERE
  event_id = CAST(? AS bigint) AND booking_id = CAST(? AS bigint) AND state = 1
-- takes: @event_id, @event_id, @booking_id
