SELECT
  id,
  payload
FROM announcements
WHERE
  subject = 'event'
  AND subject_id = CAST(? AS bigint)
  AND state = 'NEW'
  AND kind = 'event.changed'
  AND available_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
  AND attempts = 0
ORDER BY
  id DESC
LIMIT 1
FOR NO KEY UPDATE OF announcements
-- takes: @event_id, @margin
