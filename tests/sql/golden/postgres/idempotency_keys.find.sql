SELECT
  fingerprint,
  status,
  body,
  CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(created_at AS timestamp))) / 1 AS integer) AS age
FROM idempotency_keys
WHERE
  user_id = CAST(? AS bigint) AND idempotency_key = CAST(? AS varchar)
-- takes: @user_id, @idempotency_key
