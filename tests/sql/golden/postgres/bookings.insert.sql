INSERT INTO bookings (
  reference,
  user_id,
  event_id,
  status,
  quantity,
  total,
  currency,
  hold_expires_at,
  confirmed_at
)
VALUES
  (
    CAST(? AS varchar),
    CAST(? AS bigint),
    CAST(? AS bigint),
    CAST(? AS varchar),
    CAST(? AS integer),
    CAST(? AS numeric),
    CAST(? AS varchar),
    CASE
      WHEN CAST(? AS varchar) = 'PENDING'
      THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
    END,
    CASE WHEN CAST(? AS varchar) = 'CONFIRMED' THEN CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) END
  )
RETURNING id
-- takes: @reference, @user_id, @event_id, @status, @quantity, @total, @currency, @status, @hold_seconds, @status
