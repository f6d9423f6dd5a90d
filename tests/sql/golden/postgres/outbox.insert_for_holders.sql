INSERT INTO outbox (
  kind,
  recipient,
  payload,
  dedupe_key
)
SELECT
  CAST(? AS varchar),
  u.email,
  CAST(? AS text),
  CONCAT(CAST(? AS varchar), ':', u.id)
FROM users AS u
WHERE
  u.email IS NOT NULL
  AND u.id IN (
    SELECT
      b.user_id
    FROM bookings AS b
    WHERE
      b.event_id = CAST(? AS bigint) AND b.status IN (CAST(? AS varchar), CAST(? AS varchar))
  )
-- takes: @kind, @payload, @occasion, @event_id, @statuses[0], @statuses[1]
