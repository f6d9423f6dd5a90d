UPDATE event_seating SET plan_id = CAST(? AS bigint), version = CAST(? AS integer), orphan_rule = CAST(? AS varchar), release_hours = CAST(? AS integer), release_when_sold = CAST(? AS smallint), released_at = NULL, state = 'PINNING', pinned = 0
WHERE
  event_id = CAST(? AS bigint)
-- takes: @plan_id, @version, @orphan_rule, @release_hours, @release_when_sold, @event_id
