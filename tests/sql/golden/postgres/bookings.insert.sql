INSERT INTO bookings (
  reference,
  user_id,
  event_id,
  status,
  quantity,
  total,
  currency,
  locale,
  contact_name,
  contact_name_folded,
  contact_email,
  contact_email_folded,
  address,
  refund_full_hours,
  refund_percent,
  refund_none_hours,
  promised_starts_at,
  given_by,
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
  b.contact_name,
  b.contact_name_folded,
  b.contact_email,
  b.contact_email_folded,
  b.address,
  e.refund_full_hours,
  e.refund_percent,
  e.refund_none_hours,
  e.starts_at,
  b.given_by,
  CASE
    WHEN b.status = 'PENDING'
    THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + b.hold_seconds * INTERVAL '1 second')
  END,
  CASE WHEN b.status = 'CONFIRMED' THEN CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) END
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS b(reference varchar, user_id bigint, event_id bigint, status varchar, quantity integer, total numeric, currency varchar, locale varchar, contact_name varchar, contact_name_folded varchar, contact_email varchar, contact_email_folded varchar, address varchar, given_by bigint, hold_seconds integer)
INNER JOIN events AS e
  ON e.id = b.event_id
WHERE
  COALESCE(e.sales_end, e.starts_at) > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND NOT (
    COALESCE(e.ends_at, e.starts_at) <= CASE
      WHEN e.ends_at IS NULL
      THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-24) * INTERVAL '1 hour')
      ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    END
  )
RETURNING id, reference, hold_expires_at, confirmed_at, created_at
-- takes: @bookings
