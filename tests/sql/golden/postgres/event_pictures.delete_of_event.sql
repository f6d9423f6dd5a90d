DELETE FROM event_pictures
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
