SELECT
  lease_token AS token
FROM outbox
WHERE
  state = 'PENDING' AND lease_token LIKE CONCAT(CAST(? AS varchar), '%') ESCAPE ''
UNION ALL
SELECT
  lease_token AS token
FROM event_cancellations
WHERE
  finished_at IS NULL AND lease_token LIKE CONCAT(CAST(? AS varchar), '%') ESCAPE ''
UNION ALL
SELECT
  holder AS token
FROM leases
WHERE
  holder LIKE CONCAT(CAST(? AS varchar), '%') ESCAPE ''
UNION ALL
SELECT
  claimed_by AS token
FROM payments
WHERE
  status = 'PROCESSING' AND claimed_by LIKE CONCAT(CAST(? AS varchar), '%') ESCAPE ''
-- takes: @host, @host, @host, @host
