SELECT
  u.id,
  u.password_hash,
  u.is_active,
  f.seed AS second_factor_seed
FROM users AS u
LEFT JOIN second_factors AS f
  ON f.user_id = u.id AND f.enrolled_at IS NOT NULL
WHERE
  u.username_folded = CAST(? AS varchar)
-- takes: @folded
