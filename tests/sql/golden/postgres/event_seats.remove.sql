UPDATE event_seats SET state = 3, block_reason = '', changed = (
  SELECT
    s.sequence
  FROM event_seating AS s
  WHERE
    s.event_id = CAST(? AS bigint)
)
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(seat_no integer)
WHERE
  event_seats.event_id = CAST(? AS bigint)
  AND event_seats.seat_no = j.seat_no
  AND event_seats.booking_id IS NULL
-- takes: @event_id, @seats, @event_id
