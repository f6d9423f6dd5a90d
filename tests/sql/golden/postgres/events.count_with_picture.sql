SELECT
  COUNT(*) AS pictures
FROM events
WHERE
  organizer_id = CAST(? AS bigint) AND id <> CAST(? AS bigint) AND picture IS NOT NULL
-- takes: @organizer_id, @id
