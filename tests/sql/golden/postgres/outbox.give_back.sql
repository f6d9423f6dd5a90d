UPDATE outbox SET leased_until = NULL, lease_token = NULL, attempts = outbox.attempts - 1
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS m(id bigint, token varchar)
WHERE
  outbox.id = m.id AND outbox.state = 'PENDING' AND outbox.lease_token = m.token
-- takes: @messages
