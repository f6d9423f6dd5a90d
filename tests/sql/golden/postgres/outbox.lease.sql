UPDATE outbox SET leased_until = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second'), lease_token = CAST(? AS varchar), attempts = attempts + 1
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND state = 'PENDING'
  AND available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    leased_until IS NULL OR leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
RETURNING id, kind, recipient, payload, dedupe_key, locale, attempts, lease_token, request_id, CAST(EXTRACT(EPOCH FROM DATE_TRUNC('second', CAST(CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS timestamp)) - DATE_TRUNC('second', CAST(available_at AS timestamp))) / 1 AS integer) AS late
-- takes: @seconds, @token, @ids[0], @ids[1]
