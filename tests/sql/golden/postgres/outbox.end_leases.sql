UPDATE outbox SET leased_until = NULL, lease_token = NULL
WHERE
  state = 'PENDING' AND lease_token IN (CAST(? AS varchar), CAST(? AS varchar))
-- takes: @tokens[0], @tokens[1]
