SELECT
  c.event_id,
  c.category_no
FROM event_categories AS c
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM event_category_types AS t
    INNER JOIN ticket_types AS tt
      ON tt.id = t.ticket_type_id AND tt.event_id = t.event_id
    WHERE
      t.event_id = c.event_id AND t.category_no = c.category_no AND tt.seated = 1
  )
ORDER BY
  c.event_id NULLS FIRST,
  c.category_no NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
