UPDATE idempotency_keys SET status = r.status, body = r.body
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS r(payment_id bigint, status integer, body text)
WHERE
  idempotency_keys.payment_id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND idempotency_keys.payment_id = r.payment_id
  AND idempotency_keys.status IS NULL
-- takes: @replies, @payment_ids[0], @payment_ids[1]
