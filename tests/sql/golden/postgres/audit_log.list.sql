SELECT
  a.id,
  a.created_at,
  a.user_id,
  u.name AS who,
  a.action,
  a.subject,
  a.subject_id,
  a.request_id,
  a.details
FROM audit_log AS a
LEFT JOIN users AS u
  ON u.id = a.user_id
WHERE
  a.id < CAST(? AS bigint)
  AND (
    CAST(? AS varchar) IS NULL OR a.subject = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR a.subject_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR a.user_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR a.action = CAST(? AS varchar)
  )
  AND (
    CAST(? AS varchar) IS NULL OR a.request_id = CAST(? AS varchar)
  )
  AND (
    CAST(? AS timestamp(3)) IS NULL OR a.created_at >= CAST(? AS timestamp(3))
  )
  AND (
    CAST(? AS timestamp(3)) IS NULL OR a.created_at < CAST(? AS timestamp(3))
  )
ORDER BY
  a.id DESC
LIMIT CAST(? AS integer)
-- takes: @before, @subject, @subject, @subject_id, @subject_id, @user_id, @user_id, @action, @action, @request_id, @request_id, @first, @first, @end, @end, @limit
