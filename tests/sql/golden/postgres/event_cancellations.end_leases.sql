UPDATE event_cancellations SET leased_until = NULL, lease_token = NULL
WHERE
  finished_at IS NULL AND lease_token IN (CAST(? AS varchar), CAST(? AS varchar))
-- takes: @tokens[0], @tokens[1]
