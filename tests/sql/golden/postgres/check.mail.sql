SELECT
  o.id,
  o.kind
FROM outbox AS o
WHERE
  o.announcement_id <> 0
  AND o.emptied_at IS NULL
  AND NOT EXISTS(
    SELECT
      1
    FROM announcements AS a
    WHERE
      a.id = o.announcement_id
  )
ORDER BY
  o.id
LIMIT CAST(? AS integer)
-- takes: @limit
