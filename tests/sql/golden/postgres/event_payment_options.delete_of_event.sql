DELETE FROM event_payment_options
WHERE
  event_id = CAST(? AS bigint)
-- takes: @event_id
