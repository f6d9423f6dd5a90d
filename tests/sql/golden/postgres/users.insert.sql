INSERT INTO users (
  name,
  username,
  username_folded,
  email,
  email_folded,
  password_hash,
  role,
  locale
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar))
RETURNING id, email, name, username, role, created_at
-- takes: @name, @username, @username_folded, @email, @email_folded, @password_hash, @role, @locale
