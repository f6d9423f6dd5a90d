UPDATE outbox SET attempts = attempts - 1, leased_until = NULL, lease_token = NULL, available_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint) AND state = 'PENDING' AND lease_token = CAST(? AS varchar)
-- takes: @delay, @id, @token
