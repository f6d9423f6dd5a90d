DELETE FROM events
WHERE
  id = CAST(? AS bigint)
-- takes: @event_id
