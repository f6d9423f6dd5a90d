SELECT
  state,
  kind,
  COUNT(*) AS messages,
  MIN(created_at) AS oldest
FROM outbox
WHERE
  state = 'PENDING'
GROUP BY
  state,
  kind
UNION ALL
SELECT
  state,
  kind,
  COUNT(*) AS messages,
  MIN(created_at) AS oldest
FROM outbox
WHERE
  state = 'DEAD' AND emptied_at IS NULL
GROUP BY
  state,
  kind
ORDER BY
  state NULLS FIRST,
  kind NULLS FIRST
-- takes: nothing
