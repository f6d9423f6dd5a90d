SELECT
  e.id AS event_id,
  p.sha256
FROM events AS e
LEFT JOIN event_pictures AS p
  ON p.event_id = e.id
WHERE
  (
    e.picture IS NOT NULL AND p.sha256 IS NULL
  )
  OR (
    p.sha256 IS NOT NULL
    AND (
      e.picture IS NULL OR e.picture NOT LIKE CONCAT('%"', p.sha256, '"%') ESCAPE ''
    )
  )
ORDER BY
  e.id,
  p.sha256 NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @limit
