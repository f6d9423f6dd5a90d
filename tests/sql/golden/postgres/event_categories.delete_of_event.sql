DELETE FROM event_categories
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
