UPDATE event_categories SET free = event_categories.free + j.freed
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS j(category_no integer, freed integer)
WHERE
  event_categories.event_id = CAST(? AS bigint)
  AND event_categories.category_no = j.category_no
  AND event_categories.free + j.freed >= 0
-- takes: @changes, @event_id
