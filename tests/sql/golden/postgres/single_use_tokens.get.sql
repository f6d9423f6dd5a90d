SELECT
  t.payload,
  u.username,
  u.email,
  u.name
FROM single_use_tokens AS t
INNER JOIN users AS u
  ON u.id = t.user_id
WHERE
  t.token_hash = CAST(? AS varchar)
  AND t.purpose = CAST(? AS varchar)
  AND t.used_at IS NULL
  AND t.expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND u.is_active = 1
-- takes: @token_hash, @purpose
