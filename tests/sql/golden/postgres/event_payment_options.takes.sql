SELECT
  COUNT(*) AS taken
FROM event_payment_options
WHERE
  event_id = CAST(? AS bigint) AND method = CAST(? AS varchar)
-- takes: @event_id, @method
