UPDATE event_seating SET pinned = CAST(? AS integer), sequence = sequence + 1
WHERE
  event_id = CAST(? AS bigint)
  AND plan_id = CAST(? AS bigint)
  AND version = CAST(? AS integer)
  AND state = 'PINNING'
  AND pinned = CAST(? AS integer)
-- takes: @end, @event_id, @plan_id, @version, @pinned
