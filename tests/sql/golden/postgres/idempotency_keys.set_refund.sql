UPDATE idempotency_keys SET refund_id = CAST(? AS bigint)
WHERE
  user_id = CAST(? AS bigint) AND idempotency_key = CAST(? AS varchar)
-- takes: @refund_id, @user_id, @idempotency_key
