SELECT
  event_id,
  method
FROM event_payment_options
WHERE
  event_id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @event_ids[0], @event_ids[1]
