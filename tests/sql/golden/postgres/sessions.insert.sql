INSERT INTO sessions (
  user_id,
  refresh_hash,
  expires_at,
  device,
  address,
  network
)
VALUES
  (
    CAST(? AS bigint),
    CAST(? AS varchar),
    (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second'),
    CAST(? AS varchar),
    CAST(? AS varchar),
    CAST(? AS varchar)
  )
RETURNING id, created_at, expires_at
-- takes: @user_id, @refresh_hash, @seconds, @device, @address, @network
