UPDATE bookings SET status = 'CONFIRMED', confirmed_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3)), hold_expires_at = NULL
WHERE
  id = CAST(? AS bigint) AND status = CAST(? AS varchar)
-- takes: @id, @was
