SELECT
  id,
  kind,
  recipient,
  attempts,
  created_at,
  last_error
FROM outbox
WHERE
  state = 'DEAD' AND emptied_at IS NULL
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @limit
