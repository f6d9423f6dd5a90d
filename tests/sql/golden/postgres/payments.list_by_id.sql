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
  next_action,
  pending_until,
  created_at
FROM payments
WHERE
  id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @ids[0], @ids[1]
