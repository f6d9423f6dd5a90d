UPDATE single_use_tokens SET used_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  token_hash = CAST(? AS varchar)
  AND purpose = CAST(? AS varchar)
  AND used_at IS NULL
  AND expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
RETURNING user_id, payload
-- takes: @token_hash, @purpose
