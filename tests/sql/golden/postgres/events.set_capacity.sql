UPDATE events SET capacity = CAST(? AS integer), version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
-- takes: @capacity, @event_id
