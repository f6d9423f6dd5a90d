UPDATE tickets SET seat_no = j.seat_no
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(id bigint, seat_no integer)
WHERE
  tickets.event_id = CAST(? AS bigint) AND tickets.id = j.id AND tickets.status = 'VALID'
-- takes: @moves, @event_id
