SELECT
  tt.id,
  tt.event_id
FROM ticket_types AS tt
INNER JOIN events AS e
  ON e.id = tt.event_id
WHERE
  e.organizer_id = CAST(? AS bigint) AND e.status = 'PUBLISHED'
ORDER BY
  tt.id
-- takes: @organizer_id
