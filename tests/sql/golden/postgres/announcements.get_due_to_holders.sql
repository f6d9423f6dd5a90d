SELECT
  a.id,
  a.kind,
  a.payload,
  a.attempts,
  a.told_up_to,
  a.request_id
FROM announcements AS a
WHERE
  a.state = 'NEW'
  AND a.available_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND a.subject = 'event'
  AND NOT EXISTS(
    SELECT
      1
    FROM announcements AS e
    WHERE
      e.state = 'NEW'
      AND e.subject = a.subject
      AND e.subject_id = a.subject_id
      AND e.id < a.id
      AND e.available_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
ORDER BY
  a.id
LIMIT 1
-- takes: @wait
