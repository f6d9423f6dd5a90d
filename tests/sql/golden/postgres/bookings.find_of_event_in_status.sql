SELECT
  id
FROM bookings
WHERE
  event_id = CAST(? AS bigint) AND status = CAST(? AS varchar) AND id < CAST(? AS bigint)
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @event_id, @status, @before, @limit
