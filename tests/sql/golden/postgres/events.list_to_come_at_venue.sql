SELECT
  id
FROM events
WHERE
  venue_id = CAST(? AS bigint)
  AND status = 'PUBLISHED'
  AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
ORDER BY
  id
-- takes: @venue_id
