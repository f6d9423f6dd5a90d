SELECT
  a.id,
  a.created_at,
  a.action,
  a.details,
  u.name AS who
FROM audit_log AS a
LEFT JOIN users AS u
  ON u.id = a.user_id
WHERE
  a.subject = 'event' AND a.subject_id = CAST(? AS bigint) AND a.id < CAST(? AS bigint)
ORDER BY
  a.id DESC
LIMIT CAST(? AS integer)
-- takes: @event_id, @before, @limit
