UPDATE payments SET refunded = refunded + CAST(? AS numeric), status = CASE WHEN refunded + CAST(? AS numeric) = amount THEN 'REFUNDED' ELSE 'PARTIALLY_REFUNDED' END
WHERE
  id = CAST(? AS bigint)
-- takes: @amount, @amount, @id
