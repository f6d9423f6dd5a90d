SELECT
  id,
  kind,
  repeats
FROM outbox
WHERE
  repeats > 0
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
