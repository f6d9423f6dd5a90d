UPDATE refunds SET status = 'SUCCEEDED', gateway_reference = CAST(? AS varchar), failure_code = NULL, attempts = attempts + 1, settled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND reference = CAST(? AS varchar) AND status = 'PENDING'
RETURNING payment_id, amount
-- takes: @gateway_reference, @id, @reference
