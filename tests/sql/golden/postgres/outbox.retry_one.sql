UPDATE outbox SET state = 'PENDING', attempts = 0, available_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND state = 'DEAD' AND emptied_at IS NULL
-- takes: @id
