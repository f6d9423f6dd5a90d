INSERT INTO users (
  name,
  username,
  username_folded,
  password_hash,
  role,
  locale,
  is_guest
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), CAST(? AS varchar), 1)
RETURNING id
-- takes: @name, @username, @username_folded, @password_hash, @role, @locale
