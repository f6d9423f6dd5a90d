SELECT
  id,
  kind,
  state,
  attempts
FROM announcements
WHERE
  state = 'DEAD'
  OR (
    state = 'NEW'
    AND available_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-900) * INTERVAL '1 second')
  )
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
