UPDATE event_cancellations SET leased_until = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second'), lease_token = CAST(? AS varchar)
WHERE
  event_id = CAST(? AS bigint)
  AND finished_at IS NULL
  AND (
    leased_until IS NULL OR leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
RETURNING reason, lease_token AS token
-- takes: @seconds, @token, @event_id
