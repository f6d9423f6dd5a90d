UPDATE idempotency_keys SET status = CAST(? AS integer), body = CAST(? AS text)
WHERE
  user_id = CAST(? AS bigint) AND idempotency_key = CAST(? AS varchar) AND status IS NULL
-- takes: @status, @body, @user_id, @idempotency_key
