INSERT INTO event_seating (
  event_id,
  plan_id,
  version,
  state,
  orphan_rule,
  release_hours,
  release_when_sold
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS integer), 'PINNING', CAST(? AS varchar), CAST(? AS integer), CAST(? AS smallint))
-- takes: @event_id, @plan_id, @version, @orphan_rule, @release_hours, @release_when_sold
