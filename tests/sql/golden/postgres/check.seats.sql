SELECT
  event_id,
  seat_no,
  COUNT(*) AS claims
FROM tickets
WHERE
  status = 'VALID' AND seat_no IS NOT NULL
GROUP BY
  event_id,
  seat_no
HAVING
  COUNT(*) > 1
ORDER BY
  event_id NULLS FIRST,
  seat_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
