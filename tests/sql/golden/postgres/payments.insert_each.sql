INSERT INTO payments (
  reference,
  booking_id,
  user_id,
  amount,
  currency,
  method,
  status,
  card_brand,
  card_last4,
  claimed_by
)
SELECT
  p.reference,
  p.booking_id,
  p.user_id,
  p.amount,
  p.currency,
  p.method,
  'PROCESSING',
  p.card_brand,
  p.card_last4,
  p.claimed_by
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS p(reference varchar, booking_id bigint, user_id bigint, amount numeric, currency varchar, method varchar, card_brand varchar, card_last4 varchar, claimed_by varchar)
RETURNING id, reference, amount, currency
-- takes: @payments
