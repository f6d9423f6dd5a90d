DELETE FROM reviews
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND removed_at IS NULL
-- takes: @id, @event_id
