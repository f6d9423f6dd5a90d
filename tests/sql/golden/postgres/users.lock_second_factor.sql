UPDATE users SET second_factor_at = CASE WHEN CAST(? AS smallint) = 1 THEN CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) END
WHERE
  id = CAST(? AS bigint) AND is_active = 1
-- takes: @is_on, @id
