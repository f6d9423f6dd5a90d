UPDATE ticket_types SET available = available + (
  CAST(? AS integer) - capacity
), capacity = CAST(? AS integer), seated = CAST(? AS smallint)
WHERE
  id = CAST(? AS bigint) AND event_id = CAST(? AS bigint) AND available + (
    CAST(? AS integer) - capacity
  ) >= 0
-- takes: @capacity, @capacity, @seated, @id, @event_id, @capacity
