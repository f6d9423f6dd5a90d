SELECT
  capacity
FROM events
WHERE
  venue_id = CAST(? AS bigint)
  AND starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    status = 'PUBLISHED'
    OR (
      status = 'DRAFT' AND (
        CAST(? AS smallint) = 1 OR organizer_id = CAST(? AS bigint)
      )
    )
  )
ORDER BY
  capacity DESC NULLS LAST,
  id ASC
LIMIT 1
-- takes: @venue_id, @sees_drafts, @viewer_id
