INSERT INTO event_seats (
  event_id,
  seat_no,
  guid,
  section_no,
  row_no,
  category_no,
  seat_rank,
  kinds,
  section,
  row_label,
  seat_number,
  entrance,
  companion_of,
  state,
  changed
)
SELECT
  CAST(? AS bigint),
  j.seat_no,
  j.guid,
  j.section_no,
  j.row_no,
  j.category_no,
  j.seat_rank,
  j.kinds,
  j.section,
  j.row_label,
  j.seat_number,
  j.entrance,
  j.companion_of,
  0,
  s.sequence
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(seat_no integer, guid varchar, section_no integer, row_no integer, category_no integer, seat_rank integer, kinds integer, section varchar, row_label varchar, seat_number varchar, entrance varchar, companion_of integer)
INNER JOIN event_seating AS s
  ON s.event_id = CAST(? AS bigint)
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM event_seats AS e
    WHERE
      e.event_id = CAST(? AS bigint) AND e.seat_no = j.seat_no
  )
-- takes: @event_id, @seats, @event_id, @event_id
