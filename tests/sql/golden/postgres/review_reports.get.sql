SELECT
  review_id,
  user_id,
  reason,
  created_at
FROM review_reports
WHERE
  review_id = CAST(? AS bigint) AND user_id = CAST(? AS bigint)
-- takes: @review_id, @user_id
