SELECT
  v.city
FROM venues AS v
WHERE
  v.city IS NOT NULL
  AND EXISTS(
    SELECT
      1
    FROM events AS e
    WHERE
      e.venue_id = v.id
      AND e.status = 'PUBLISHED'
      AND e.starts_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
GROUP BY
  v.city
ORDER BY
  v.city NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
