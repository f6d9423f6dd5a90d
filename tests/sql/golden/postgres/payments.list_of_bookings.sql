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
  booking_id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  booking_id NULLS FIRST,
  id
-- takes: @booking_ids[0], @booking_ids[1]
