SELECT
  e.status,
  o.method
FROM events AS e
LEFT JOIN event_payment_options AS o
  ON o.event_id = e.id AND o.method = CAST(? AS varchar)
WHERE
  e.id = CAST(? AS bigint)
-- takes: @method, @event_id
