SELECT
  id,
  booking_id,
  user_id,
  amount,
  currency,
  method,
  status,
  card_brand,
  card_last4,
  failure_code,
  created_at
FROM payments
WHERE
  id = CAST(? AS bigint)
-- takes: @id
