UPDATE payments SET status = 'RETURNED', gateway_reference = CAST(? AS varchar), settled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'FAILED'
RETURNING booking_id, user_id, amount, currency, method
-- takes: @gateway_reference, @id
