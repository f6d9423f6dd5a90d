INSERT INTO review_reports (
  review_id,
  user_id,
  reason
)
SELECT
  CAST(? AS bigint),
  CAST(? AS bigint),
  CAST(? AS varchar)
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM review_reports
    WHERE
      review_id = CAST(? AS bigint) AND user_id = CAST(? AS bigint)
  )
-- takes: @review_id, @user_id, @reason, @review_id, @user_id
