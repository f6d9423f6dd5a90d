UPDATE announcements SET state = CAST(? AS varchar), told_up_to = CAST(? AS bigint)
WHERE
  id = CAST(? AS bigint)
  AND state = 'NEW'
  AND told_up_to = CAST(? AS bigint)
  AND available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: @state, @told, @id, @told_before
