UPDATE leases SET holder = NULL
WHERE
  holder IN (CAST(? AS varchar), CAST(? AS varchar))
-- takes: @tokens[0], @tokens[1]
