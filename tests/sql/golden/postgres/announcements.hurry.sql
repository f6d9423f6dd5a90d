UPDATE announcements SET available_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  subject = CAST(? AS varchar)
  AND subject_id = CAST(? AS bigint)
  AND state = 'NEW'
  AND available_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND attempts = 0
-- takes: @subject, @subject_id
