UPDATE announcements SET state = CAST(? AS varchar), attempts = attempts + 1, last_error = CAST(? AS varchar), available_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint) AND state = 'NEW'
-- takes: @state, @error, @delay, @id
