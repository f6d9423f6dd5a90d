SELECT
  k.user_id,
  k.idempotency_key,
  k.fingerprint,
  k.status,
  k.body,
  k.age
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(user_id bigint, idempotency_key varchar) INNER JOIN LATERAL (
  SELECT
    ik.user_id,
    ik.idempotency_key,
    ik.fingerprint,
    ik.status,
    ik.body,
    CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(ik.created_at AS timestamp))) / 1 AS integer) AS age
  FROM idempotency_keys AS ik
  WHERE
    ik.user_id = a.user_id AND ik.idempotency_key = a.idempotency_key
  ORDER BY
    ik.user_id NULLS FIRST
  LIMIT 1
) AS k ON TRUE
-- takes: @keys
