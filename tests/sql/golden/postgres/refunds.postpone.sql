UPDATE refunds SET retry_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint) AND status = 'PENDING'
-- takes: @delay, @id
