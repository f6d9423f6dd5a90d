INSERT INTO event_cancellations (
  event_id,
  requested_by,
  reason
)
VALUES
  (CAST(? AS bigint), CAST(? AS bigint), CAST(? AS varchar))
-- takes: @event_id, @requested_by, @reason
