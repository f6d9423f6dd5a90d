UPDATE event_seating SET sequence = sequence + 1
WHERE
  event_id = CAST(? AS bigint) AND state = 'OPEN'
-- takes: @event_id
