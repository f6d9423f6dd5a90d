SELECT
  seat_no,
  state
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND changed > CAST(? AS bigint)
-- takes: @event_id, @after
