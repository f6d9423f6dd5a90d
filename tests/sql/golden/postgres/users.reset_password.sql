UPDATE users SET password_hash = CAST(? AS varchar), email_confirmed_at = COALESCE(email_confirmed_at, CAST(timezone('utc', statement_timestamp()) AS timestamp(3)))
WHERE
  id = CAST(? AS bigint) AND email_folded = CAST(? AS varchar) AND is_active = 1
-- takes: @new_hash, @id, @email_folded
