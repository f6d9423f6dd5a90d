SELECT
  event_id,
  seat,
  COUNT(*) AS claims
FROM tickets
WHERE
  status = 'VALID' AND seat IS NOT NULL
GROUP BY
  event_id,
  seat
HAVING
  COUNT(*) > 1
ORDER BY
  event_id NULLS FIRST,
  seat NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
