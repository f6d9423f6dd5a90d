UPDATE sessions SET revoked_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  booking_id = CAST(? AS bigint) AND revoked_at IS NULL AND (
    CAST(? AS bigint) IS NULL OR id <> CAST(? AS bigint)
  )
-- takes: @booking_id, @kept, @kept
