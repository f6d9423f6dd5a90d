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
  r.id = CAST(? AS bigint)
-- takes: @id
