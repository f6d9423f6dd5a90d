UPDATE payments SET refund_claimed = amount
WHERE
  id = CAST(? AS bigint)
-- takes: @id
