SELECT
  e.id,
  e.status,
  o.method
FROM events AS e
LEFT JOIN event_payment_options AS o
  ON o.event_id = e.id
WHERE
  e.id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @event_ids[0], @event_ids[1]
