UPDATE payments SET status = 'SUCCEEDED', gateway_reference = s.gateway_reference, failure_code = NULL, next_action = NULL, ask_at = NULL, settled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS s(id bigint, gateway_reference varchar)
WHERE
  payments.id = s.id AND payments.status = 'PROCESSING'
RETURNING payments.id, payments.booking_id, payments.user_id, payments.amount, payments.currency, payments.method, payments.status, payments.card_brand, payments.card_last4, payments.failure_code, payments.next_action, payments.pending_until, payments.created_at
-- takes: @payments
