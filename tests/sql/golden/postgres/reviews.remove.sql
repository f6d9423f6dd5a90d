UPDATE reviews SET removed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND removed_at IS NULL
-- takes: @id, @event_id
