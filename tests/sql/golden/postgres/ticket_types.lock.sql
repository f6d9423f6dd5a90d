SELECT
  id
FROM ticket_types
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  id
FOR NO KEY UPDATE OF ticket_types
-- takes: @ids[0], @ids[1]
