UPDATE idempotency_keys SET payment_id = CAST(? AS bigint)
WHERE
  user_id = CAST(? AS bigint) AND idempotency_key = CAST(? AS varchar)
-- takes: @payment_id, @user_id, @idempotency_key
