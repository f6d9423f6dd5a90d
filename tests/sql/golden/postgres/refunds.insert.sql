INSERT INTO refunds (
  reference,
  payment_id,
  amount,
  currency,
  reason,
  status
)
VALUES
  (CAST(? AS varchar), CAST(? AS bigint), CAST(? AS numeric), CAST(? AS varchar), CAST(? AS varchar), 'PENDING')
RETURNING id
-- takes: @reference, @payment_id, @amount, @currency, @reason
