DELETE FROM event_seating
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
