INSERT INTO idempotency_keys (
  user_id,
  idempotency_key,
  fingerprint,
  status,
  body
)
SELECT
  a.user_id,
  a.idempotency_key,
  a.fingerprint,
  a.status,
  a.body
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(user_id bigint, idempotency_key varchar, fingerprint varchar, status integer, body text)
-- takes: @keys
