UPDATE events SET status = 'CANCELLED', version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status IN ('DRAFT', 'PUBLISHED')
RETURNING id
-- takes: @event_id
