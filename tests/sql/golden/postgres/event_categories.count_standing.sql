UPDATE event_categories SET free = free + CAST(? AS integer)
WHERE
  event_id = CAST(? AS bigint)
  AND free + CAST(? AS integer) >= 0
  AND category_no IN (
    SELECT
      t.category_no
    FROM event_category_types AS t
    WHERE
      t.event_id = CAST(? AS bigint) AND t.ticket_type_id = CAST(? AS bigint)
  )
-- takes: @freed, @event_id, @freed, @event_id, @ticket_type_id
