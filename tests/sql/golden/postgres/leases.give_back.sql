UPDATE leases SET holder = NULL
WHERE
  name = CAST(? AS varchar) AND holder = CAST(? AS varchar)
-- takes: @name, @holder
