SELECT
  review_id,
  user_id,
  reason,
  created_at
FROM review_reports
WHERE
  review_id IN (CAST(? AS bigint), CAST(? AS bigint)) AND reason IS NOT NULL
ORDER BY
  created_at DESC NULLS LAST,
  review_id ASC NULLS FIRST,
  user_id ASC NULLS FIRST
LIMIT CAST(? AS integer)
-- takes: @review_ids[0], @review_ids[1], @limit
