UPDATE users SET role = CAST(? AS varchar), is_active = CAST(? AS smallint)
WHERE
  id = CAST(? AS bigint) AND role = CAST(? AS varchar) AND is_active = CAST(? AS smallint)
-- takes: @role, @is_active, @id, @old_role, @was_active
