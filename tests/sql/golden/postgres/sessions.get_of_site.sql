SELECT
  s.id,
  s.user_id,
  s.booking_id,
  u.role,
  u.name,
  u.is_guest,
  u.locale,
  u.second_factor_at,
  s.expires_at,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS now
FROM sessions AS s
INNER JOIN users AS u
  ON u.id = s.user_id
WHERE
  s.refresh_hash = CAST(? AS varchar)
  AND s.revoked_at IS NULL
  AND s.expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND u.is_active = 1
-- takes: @session_hash
