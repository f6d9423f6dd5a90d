SELECT
  event_id
FROM event_figures
WHERE
  event_id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @event_ids[0], @event_ids[1]
