UPDATE idempotency_keys SET body = CAST(? AS text)
WHERE
  refund_id = CAST(? AS bigint)
-- takes: @body, @refund_id
