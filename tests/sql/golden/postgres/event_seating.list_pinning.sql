SELECT
  event_id
FROM event_seating
WHERE
  state = 'PINNING'
ORDER BY
  event_id NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
