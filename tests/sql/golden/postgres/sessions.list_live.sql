SELECT
  s.id,
  s.user_id,
  u.role,
  u.locale,
  u.second_factor_at
FROM sessions AS s
INNER JOIN users AS u
  ON u.id = s.user_id
WHERE
  s.id IN (CAST(? AS bigint), CAST(? AS bigint)) AND s.revoked_at IS NULL AND u.is_active = 1
-- takes: @ids[0], @ids[1]
