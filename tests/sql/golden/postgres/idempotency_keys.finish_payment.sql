UPDATE idempotency_keys SET status = CAST(? AS integer), body = CAST(? AS text)
WHERE
  payment_id = CAST(? AS bigint) AND status IS NULL
-- takes: @status, @body, @payment_id
