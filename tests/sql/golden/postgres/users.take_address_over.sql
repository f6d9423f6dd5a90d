UPDATE users SET email = NULL, email_folded = NULL
WHERE
  email_folded = CAST(? AS varchar) AND id <> CAST(? AS bigint) AND email_confirmed_at IS NULL
-- takes: @email_folded, @id
