UPDATE users SET name_folded = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint) AND name = CAST(? AS varchar)
-- takes: @name_folded, @id, @name
