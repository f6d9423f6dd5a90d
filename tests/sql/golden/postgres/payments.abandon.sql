UPDATE payments SET claimed_by = ''
WHERE
  status = 'PROCESSING' AND claimed_by IN (CAST(? AS varchar), CAST(? AS varchar))
-- takes: @tokens[0], @tokens[1]
