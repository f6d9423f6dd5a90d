SELECT
  a.id,
  a.kind,
  a.payload,
  a.attempts,
  a.told_up_to,
  a.request_id
FROM announcements AS a
LEFT JOIN (
  SELECT
    e.subject,
    e.subject_id,
    MIN(e.id) AS first_id
  FROM announcements AS e
  WHERE
    e.state = 'NEW' AND e.available_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  GROUP BY
    e.subject,
    e.subject_id
) AS p
  ON p.subject = a.subject AND p.subject_id = a.subject_id AND p.first_id < a.id
WHERE
  a.state = 'NEW'
  AND a.available_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND a.subject <> 'event'
  AND p.first_id IS NULL
ORDER BY
  a.id
LIMIT CAST(? AS integer)
-- takes: @wait, @limit
