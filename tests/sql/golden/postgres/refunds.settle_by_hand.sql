UPDATE refunds SET status = 'SUCCEEDED', gateway_reference = CAST(? AS varchar), settled_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint) AND status = 'FAILED' AND attempts >= CAST(? AS integer)
RETURNING payment_id, amount
-- takes: @gateway_reference, @id, @most
