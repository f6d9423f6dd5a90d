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
VALUES
  (
    CAST(? AS varchar),
    CAST(? AS bigint),
    CAST(? AS bigint),
    CAST(? AS numeric),
    CAST(? AS varchar),
    CAST(? AS varchar),
    'PROCESSING',
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar)
  )
RETURNING id, reference, amount, currency
-- takes: @reference, @booking_id, @user_id, @amount, @currency, @method, @card_brand, @card_last4, @claimed_by
