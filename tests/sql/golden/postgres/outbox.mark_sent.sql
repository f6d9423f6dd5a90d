UPDATE outbox SET state = 'SENT', sent_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), leased_until = NULL, lease_token = NULL, last_error = NULL
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS s(id bigint, token varchar)
WHERE
  outbox.id = s.id AND outbox.state = 'PENDING' AND outbox.lease_token = s.token
RETURNING outbox.id
-- takes: @sent
