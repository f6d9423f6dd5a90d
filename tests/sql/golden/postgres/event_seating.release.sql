UPDATE event_seating SET released_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  event_id = CAST(? AS bigint) AND released_at IS NULL
-- takes: @event_id
