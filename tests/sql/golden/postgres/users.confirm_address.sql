UPDATE users SET email = CAST(? AS varchar), email_folded = CAST(? AS varchar), email_confirmed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
  AND is_active = 1
  AND (
    email_folded = CAST(? AS varchar) OR (
      email_folded IS NULL AND CAST(? AS varchar) IS NULL
    )
  )
-- takes: @email, @email_folded, @id, @old, @old
