INSERT INTO idempotency_keys (
  user_id,
  idempotency_key,
  fingerprint
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar), CAST(? AS varchar))
-- takes: @user_id, @idempotency_key, @fingerprint
