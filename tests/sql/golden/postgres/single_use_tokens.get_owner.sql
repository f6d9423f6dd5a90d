SELECT
  user_id,
  payload
FROM single_use_tokens
WHERE
  token_hash = CAST(? AS varchar) AND purpose = CAST(? AS varchar)
-- takes: @token_hash, @purpose
