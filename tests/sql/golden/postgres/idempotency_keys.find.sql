SELECT
  fingerprint,
  status,
  body
FROM idempotency_keys
WHERE
  user_id = CAST(? AS bigint) AND idempotency_key = CAST(? AS varchar)
-- takes: @user_id, @idempotency_key
