UPDATE events SET moved_up_to = CASE WHEN moved_up_to < CAST(? AS bigint) THEN CAST(? AS bigint) ELSE moved_up_to END, version = version + 1, updated_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
-- takes: @moved_up_to, @moved_up_to, @event_id
