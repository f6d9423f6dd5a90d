SELECT
  id
FROM events
WHERE
  search_folded = 0
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @limit
