UPDATE outbox SET state = CAST(? AS varchar), last_error = CAST(? AS varchar), leased_until = NULL, lease_token = NULL, available_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint) AND state = 'PENDING' AND lease_token = CAST(? AS varchar)
-- takes: @state, @error, @delay, @id, @token
