UPDATE users SET name = CAST(? AS varchar), phone = CAST(? AS varchar), city = CAST(? AS varchar), bio = CAST(? AS varchar), locale = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint)
RETURNING id, email, name, username, role, phone, city, bio, locale, email_confirmed_at, second_factor_at, created_at
-- takes: @name, @phone, @city, @bio, @locale, @id
