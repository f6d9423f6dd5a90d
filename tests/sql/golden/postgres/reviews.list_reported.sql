SELECT
  r.id,
  r.event_id,
  r.user_id,
  u.name AS user_name,
  r.rating,
  r.comment,
  r.created_at,
  r.updated_at,
  c.reports,
  c.reported_at
FROM (
  SELECT
    review_id,
    COUNT(*) AS reports,
    MAX(created_at) AS reported_at
  FROM review_reports
  WHERE
    review_id < CAST(? AS bigint)
  GROUP BY
    review_id
) AS c INNER JOIN LATERAL (
  SELECT
    v.id,
    v.event_id,
    v.user_id,
    v.rating,
    v.comment,
    v.created_at,
    v.updated_at
  FROM reviews AS v
  WHERE
    v.id = c.review_id AND v.removed_at IS NULL
  ORDER BY
    v.id
  LIMIT 1
) AS r ON TRUE
INNER JOIN users AS u
  ON u.id = r.user_id
ORDER BY
  c.review_id DESC NULLS LAST
LIMIT CAST(? AS integer)
-- takes: @before, @limit
