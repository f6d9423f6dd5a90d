UPDATE refunds SET status = 'FAILED', failure_code = CAST(? AS varchar), attempts = attempts + 1, retry_at = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (CAST(? AS integer) * (
  attempts + 1
) * (
  attempts + 1
)) * INTERVAL '1 second')
WHERE
  id = CAST(? AS bigint) AND reference = CAST(? AS varchar) AND status = 'PENDING'
RETURNING attempts, payment_id, amount, currency
-- takes: @failure_code, @first, @id, @reference
