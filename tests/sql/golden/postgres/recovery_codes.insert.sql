INSERT INTO recovery_codes (
  code_hash,
  user_id
)
SELECT
  c.code_hash,
  CAST(? AS bigint)
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS c(code_hash varchar)
-- takes: @user_id, @codes
