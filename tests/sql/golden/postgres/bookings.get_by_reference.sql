SELECT
  id,
  reference,
  user_id,
  event_id,
  status,
  quantity,
  total,
  currency,
  hold_expires_at,
  confirmed_at,
  cancelled_at,
  cancel_reason,
  refund_due,
  locale,
  contact_name,
  contact_email,
  given_by,
  created_at
FROM bookings
WHERE
  reference = CAST(? AS varchar)
-- takes: @reference
