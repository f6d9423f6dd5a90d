SELECT
  k.user_id,
  k.idempotency_key,
  k.fingerprint,
  k.status,
  k.body
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(user_id bigint, idempotency_key varchar) INNER JOIN LATERAL (
  SELECT
    ik.user_id,
    ik.idempotency_key,
    ik.fingerprint,
    ik.status,
    ik.body
  FROM idempotency_keys AS ik
  WHERE
    ik.user_id = a.user_id AND ik.idempotency_key = a.idempotency_key
  ORDER BY
    ik.user_id NULLS FIRST
  LIMIT 1
) AS k ON TRUE
-- takes: @keys
