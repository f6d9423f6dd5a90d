SELECT
  id,
  kind,
  attempts
FROM outbox
WHERE
  state = 'DEAD' AND emptied_at IS NULL
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
