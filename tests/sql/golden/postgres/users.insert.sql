INSERT INTO users (
  name,
  username,
  username_folded,
  email,
  email_folded,
  password_hash,
  role,
  locale,
  email_confirmed_at
)
VALUES
  (
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CASE WHEN CAST(? AS smallint) = 1 THEN CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) END
  )
RETURNING id, email, name, username, role, created_at
-- takes: @name, @username, @username_folded, @email, @email_folded, @password_hash, @role, @locale, @is_confirmed
