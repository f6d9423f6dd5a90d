SELECT
  a.id,
  a.kind,
  a.payload,
  a.attempts,
  a.told_up_to,
  a.request_id
FROM announcements AS a
WHERE
  a.id IN (CAST(? AS bigint), CAST(? AS bigint))
  AND a.state = 'NEW'
  AND a.available_at <= CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    SELECT
      COUNT(*)
    FROM announcements AS e
    WHERE
      e.state = 'NEW' AND e.subject = a.subject AND e.subject_id = a.subject_id AND e.id < a.id
  ) = (
    SELECT
      COUNT(*)
    FROM announcements AS e
    WHERE
      e.state = 'NEW'
      AND e.subject = a.subject
      AND e.subject_id = a.subject_id
      AND e.id < a.id
      AND e.id IN (CAST(? AS bigint), CAST(? AS bigint))
  )
ORDER BY
  a.id
-- takes: @ids[0], @ids[1], @ids[0], @ids[1]
