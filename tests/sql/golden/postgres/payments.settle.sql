UPDATE payments SET status = CAST(? AS varchar), gateway_reference = CAST(? AS varchar), failure_code = CAST(? AS varchar), next_action = NULL, ask_at = NULL, settled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'PROCESSING'
RETURNING booking_id, user_id, amount, currency, method
-- takes: @status, @gateway_reference, @failure_code, @id
