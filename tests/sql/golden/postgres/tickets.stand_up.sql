UPDATE tickets SET seat_no = NULL
WHERE
  event_id = CAST(? AS bigint) AND id IN (CAST(? AS bigint), CAST(? AS bigint)) AND status = 'VALID'
-- takes: @event_id, @ids[0], @ids[1]
