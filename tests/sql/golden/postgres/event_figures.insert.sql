INSERT INTO event_figures (
  event_id,
  status
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar))
-- takes: @event_id, @status
