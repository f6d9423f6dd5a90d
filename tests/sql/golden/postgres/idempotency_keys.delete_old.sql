DELETE FROM idempotency_keys
WHERE
  created_at <= (
    SELECT
      MAX(old.created_at)
    FROM (
      SELECT
        created_at
      FROM idempotency_keys
      WHERE
        status IS NOT NULL
        AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
      ORDER BY
        created_at NULLS FIRST
      LIMIT CAST(? AS integer)
    ) AS old
  )
  AND EXISTS(
    SELECT
      1
    FROM (
      SELECT
        user_id,
        idempotency_key
      FROM idempotency_keys
      WHERE
        status IS NOT NULL
        AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day')
      ORDER BY
        created_at NULLS FIRST
      LIMIT CAST(? AS integer)
    ) AS old
    WHERE
      old.user_id = idempotency_keys.user_id AND old.idempotency_key = idempotency_keys.idempotency_key
  )
-- takes: @days, @limit, @days, @limit
