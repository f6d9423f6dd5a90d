SELECT
  s.seat_no,
  s.guid,
  s.category_no,
  s.state,
  s.booking_id,
  s.block_reason
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(guid varchar)
INNER JOIN event_seats AS s
  ON s.guid = j.guid AND s.event_id = CAST(? AS bigint)
-- takes: @seats, @event_id
