UPDATE event_categories SET free = (
  SELECT
    COUNT(*)
  FROM event_seats AS s
  WHERE
    s.event_id = CAST(? AS bigint) AND s.category_no = event_categories.category_no AND s.state = 0
)
WHERE
  event_id = CAST(? AS bigint) AND is_standing = 0
-- takes: @event_id, @event_id
