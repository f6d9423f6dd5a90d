UPDATE events SET picture = CAST(? AS text), version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
-- takes: @picture, @event_id
