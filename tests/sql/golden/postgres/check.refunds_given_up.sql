SELECT
  id,
  payment_id,
  amount,
  currency,
  failure_code
FROM refunds
WHERE
  status = 'FAILED' AND attempts >= CAST(? AS integer)
ORDER BY
  id
LIMIT CAST(? AS integer)
-- takes: @max_attempts, @limit
