INSERT INTO event_payment_options (
  event_id,
  method
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar))
-- takes: @event_id, @method
