SELECT
  o.id,
  o.kind
FROM outbox AS o
WHERE
  o.emptied_at IS NULL
  AND (
    o.announcement_id <> 0
    OR o.created_at > (
      SELECT
        MIN(earliest.created_at)
      FROM announcements AS earliest
    )
  )
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
