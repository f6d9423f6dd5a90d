UPDATE events SET status = 'COMPLETED', version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
  AND status = 'PUBLISHED'
  AND COALESCE(ends_at, (starts_at + CAST(? AS integer) * INTERVAL '1 hour')) < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
RETURNING organizer_id, title
-- takes: @event_id, @hours
