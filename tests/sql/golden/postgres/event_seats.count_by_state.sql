SELECT
  c.category_no,
  c.name,
  s.state,
  COUNT(*) AS number
FROM event_seats AS s
INNER JOIN event_categories AS c
  ON c.event_id = s.event_id AND c.category_no = s.category_no
WHERE
  s.event_id = CAST(? AS bigint) AND (
    s.block_reason IS NULL OR s.block_reason <> ''
  )
GROUP BY
  c.category_no,
  c.name,
  s.state
ORDER BY
  c.category_no NULLS FIRST,
  s.state NULLS FIRST
-- takes: @event_id
