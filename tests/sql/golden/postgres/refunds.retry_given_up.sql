UPDATE refunds SET attempts = 0, retry_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'FAILED' AND attempts >= CAST(? AS integer)
-- takes: @id, @most
