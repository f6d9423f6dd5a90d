UPDATE announcements SET payload = CAST(? AS text), available_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint)
  AND state = 'NEW'
  AND available_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND told_up_to = 0
-- takes: @payload, @seconds, @id
