UPDATE refunds SET status = 'PENDING', reference = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint) AND status = 'FAILED'
-- takes: @reference, @id
