UPDATE outbox SET state = 'SENT', sent_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), leased_until = NULL, lease_token = NULL, last_error = NULL
WHERE
  id = CAST(? AS bigint) AND state = 'PENDING' AND lease_token = CAST(? AS varchar)
-- takes: @id, @token
