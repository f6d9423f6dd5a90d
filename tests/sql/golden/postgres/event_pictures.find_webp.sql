SELECT
  webp AS content
FROM event_pictures
WHERE
  sha256 = CAST(? AS varchar)
ORDER BY
  event_id NULLS FIRST
LIMIT 1
-- takes: @sha256
