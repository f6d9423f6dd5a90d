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
  created_at
FROM bookings
WHERE
  (
    CAST(? AS varchar) IS NULL OR status = CAST(? AS varchar)
  )
  AND (
    CAST(? AS bigint) IS NULL OR event_id = CAST(? AS bigint)
  )
  AND (
    CAST(? AS bigint) IS NULL OR id < CAST(? AS bigint)
  )
ORDER BY
  id DESC
LIMIT CAST(? AS integer)
-- takes: @status, @status, @event_id, @event_id, @before, @before, @limit
