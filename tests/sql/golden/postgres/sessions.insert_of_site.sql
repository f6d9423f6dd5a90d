INSERT INTO sessions (
  user_id,
  refresh_hash,
  booking_id,
  expires_at,
  device,
  address
)
VALUES
  (
    CAST(? AS bigint),
    CAST(? AS varchar),
    CAST(? AS bigint),
    (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second'),
    CAST(? AS varchar),
    CAST(? AS varchar)
  )
RETURNING id
-- takes: @user_id, @session_hash, @booking_id, @seconds, @device, @address
