UPDATE event_categories SET free = free + CAST(? AS integer)
WHERE
  event_id = CAST(? AS bigint) AND category_no = CAST(? AS smallint) AND free + CAST(? AS integer) >= 0
-- takes: @freed, @event_id, @category_no, @freed
