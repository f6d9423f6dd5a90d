INSERT INTO refunds (
  reference,
  payment_id,
  amount,
  currency,
  reason,
  status,
  requested_by
)
VALUES
  (CAST(? AS varchar), CAST(? AS bigint), CAST(? AS numeric), CAST(? AS varchar), CAST(? AS varchar), 'PENDING', CAST(? AS bigint))
RETURNING id
-- takes: @reference, @payment_id, @amount, @currency, @reason, @requested_by
