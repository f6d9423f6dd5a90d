UPDATE event_seats SET section_no = j.section_no, row_no = j.row_no, category_no = j.category_no, seat_rank = j.seat_rank, kinds = j.kinds, section = j.section, row_label = j.row_label, seat_number = j.seat_number, entrance = j.entrance, companion_of = j.companion_of, state = CASE WHEN event_seats.block_reason = '' THEN 0 ELSE event_seats.state END, block_reason = CASE WHEN event_seats.block_reason = '' THEN NULL ELSE event_seats.block_reason END, changed = (
  SELECT
    s.sequence
  FROM event_seating AS s
  WHERE
    s.event_id = CAST(? AS bigint)
)
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(seat_no integer, section_no integer, row_no integer, category_no integer, seat_rank integer, kinds integer, section varchar, row_label varchar, seat_number varchar, entrance varchar, companion_of integer)
WHERE
  event_seats.event_id = CAST(? AS bigint) AND event_seats.seat_no = j.seat_no
-- takes: @event_id, @seats, @event_id
