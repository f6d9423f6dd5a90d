INSERT INTO audit_log (
  user_id,
  action,
  subject,
  subject_id,
  request_id
)
SELECT
  e.user_id,
  CAST(? AS varchar),
  CAST(? AS varchar),
  e.subject_id,
  e.request_id
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS e(user_id bigint, subject_id bigint, request_id varchar)
-- takes: @action, @subject, @entries
