INSERT INTO idempotency_keys (
  user_id,
  idempotency_key,
  fingerprint,
  payment_id
)
SELECT
  a.user_id,
  a.idempotency_key,
  a.fingerprint,
  a.payment_id
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(user_id bigint, idempotency_key varchar, fingerprint varchar, payment_id bigint)
-- takes: @keys
