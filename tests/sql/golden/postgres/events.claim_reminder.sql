UPDATE events SET reminded_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
  AND reminded_at IS NULL
  AND status = 'PUBLISHED'
  AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND starts_at <= (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 hour')
-- takes: @event_id, @hours
