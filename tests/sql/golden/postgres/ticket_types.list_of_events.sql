SELECT
  tt.event_id,
  tt.id,
  tt.name,
  tt.price,
  tt.capacity,
  CASE
    WHEN tt.seated = 1
    AND (
      SELECT
        SUM(c.free)
      FROM event_category_types AS t
      INNER JOIN event_categories AS c
        ON c.event_id = t.event_id AND c.category_no = t.category_no
      WHERE
        t.event_id = tt.event_id AND t.ticket_type_id = tt.id
    ) < tt.available
    THEN (
      SELECT
        SUM(c.free)
      FROM event_category_types AS t
      INNER JOIN event_categories AS c
        ON c.event_id = t.event_id AND c.category_no = t.category_no
      WHERE
        t.event_id = tt.event_id AND t.ticket_type_id = tt.id
    )
    ELSE tt.available
  END AS available
FROM ticket_types AS tt
WHERE
  tt.event_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  tt.event_id NULLS FIRST,
  tt.sort_order NULLS FIRST,
  tt.id
-- takes: @event_ids[0], @event_ids[1]
