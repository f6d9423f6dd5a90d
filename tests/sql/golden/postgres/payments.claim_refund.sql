UPDATE payments SET refund_claimed = refund_claimed + CAST(? AS numeric)
WHERE
  id = CAST(? AS bigint)
  AND status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'RETURNED')
  AND refund_claimed + CAST(? AS numeric) <= amount
RETURNING currency, amount, refund_claimed
-- takes: @amount, @id, @amount
