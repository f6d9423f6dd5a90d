DELETE FROM event_cancellations
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
