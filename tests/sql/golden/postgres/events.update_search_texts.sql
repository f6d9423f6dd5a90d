UPDATE events SET search_text = t.search_text, excerpt = t.excerpt, search_folded = 1
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS t(id bigint, search_text varchar, excerpt varchar)
WHERE
  events.id = t.id AND events.id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @texts, @event_ids[0], @event_ids[1]
