INSERT INTO single_use_tokens (
  token_hash,
  user_id,
  purpose,
  payload,
  expires_at
)
SELECT
  CAST(? AS varchar),
  u.id,
  CAST(? AS varchar),
  CAST(? AS text),
  (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
FROM users AS u
WHERE
  u.id = CAST(? AS bigint)
-- takes: @token_hash, @purpose, @payload, @seconds, @user_id
