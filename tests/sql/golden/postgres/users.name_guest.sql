UPDATE users SET name = CAST(? AS varchar), name_folded = NULL, locale = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint) AND is_guest = 1
-- takes: @name, @locale, @id
