UPDATE ticket_types SET on_sale = CAST(? AS smallint)
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND event_id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND EXISTS(
    SELECT
      1
    FROM events AS e
    WHERE
      e.id = ticket_types.event_id AND e.status = 'PUBLISHED'
  )
-- takes: @on_sale, @ids[0], @ids[1], @event_ids[0], @event_ids[1]
