UPDATE events SET status = 'CANCELLED', version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
  AND (
    status IN ('DRAFT', 'PUBLISHED')
    OR (
      status = 'COMPLETED'
      AND (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 day') < COALESCE(ends_at, CASE WHEN status = 'COMPLETED' THEN (starts_at + CAST(? AS integer) * INTERVAL '1 hour') END)
    )
  )
RETURNING id
-- takes: @event_id, @days, @hours
