UPDATE ticket_types SET seated = seated
WHERE
  event_id = CAST(? AS bigint) AND seated = 1
-- takes: @event_id
