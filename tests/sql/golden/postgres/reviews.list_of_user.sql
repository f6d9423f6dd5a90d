SELECT
  r.id,
  r.event_id,
  r.user_id,
  u.name AS user_name,
  r.rating,
  r.comment,
  r.created_at,
  r.updated_at
FROM reviews AS r
INNER JOIN users AS u
  ON u.id = r.user_id
WHERE
  r.user_id = CAST(? AS bigint) AND r.removed_at IS NULL AND (
    CAST(? AS bigint) IS NULL OR r.id < CAST(? AS bigint)
  )
ORDER BY
  r.id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @before, @before, @limit
