DELETE FROM event_category_types
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
