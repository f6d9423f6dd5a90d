SELECT
  id
FROM bookings
WHERE
  event_id = CAST(? AS bigint) AND status IN ('PENDING', 'CONFIRMED') AND id > CAST(? AS bigint)
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @event_id, @after, @limit
