UPDATE event_seating SET state = 'OPEN', opened = sequence
WHERE
  event_id = CAST(? AS bigint) AND state = 'PINNING'
-- takes: @event_id
