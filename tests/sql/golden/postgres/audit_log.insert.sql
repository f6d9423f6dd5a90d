INSERT INTO audit_log (
  user_id,
  action,
  subject,
  subject_id,
  request_id,
  details
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS bigint), CAST(? AS varchar), CAST(? AS varchar))
-- takes: @user_id, @action, @subject, @subject_id, @request_id, @details
