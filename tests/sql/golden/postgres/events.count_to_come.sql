SELECT
  COUNT(*) AS events
FROM events
WHERE
  organizer_id = CAST(? AS bigint)
  AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND status IN ('DRAFT', 'PUBLISHED')
-- takes: @organizer_id
