SELECT
  id,
  kind,
  subject,
  subject_id,
  payload,
  request_id,
  created_at
FROM announcements
WHERE
  to_publish = 1 AND available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
