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
  user_id = CAST(? AS bigint)
  AND (
    CAST(? AS bigint) IS NULL OR id < CAST(? AS bigint)
  )
  AND (
    CAST(? AS varchar) IS NULL OR status = CAST(? AS varchar)
  )
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @user_id, @before, @before, @status, @status, @limit
