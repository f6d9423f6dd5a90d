INSERT INTO bookings (
  reference,
  user_id,
  event_id,
  status,
  quantity,
  total,
  currency,
  locale,
  address,
  hold_expires_at,
  confirmed_at
)
SELECT
  b.reference,
  b.user_id,
  b.event_id,
  b.status,
  b.quantity,
  b.total,
  b.currency,
  b.locale,
  b.address,
  CASE
    WHEN b.status = 'PENDING'
    THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + b.hold_seconds * INTERVAL '1 second')
  END,
  CASE WHEN b.status = 'CONFIRMED' THEN CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) END
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS b(reference varchar, user_id bigint, event_id bigint, status varchar, quantity integer, total numeric, currency varchar, locale varchar, address varchar, hold_seconds integer)
RETURNING id, reference, user_id, event_id, status, quantity, total, currency, hold_expires_at, confirmed_at, cancelled_at, cancel_reason, refund_due, locale, created_at
-- takes: @bookings
