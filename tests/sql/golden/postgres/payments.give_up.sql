UPDATE payments SET next_action = NULL, ask_at = NULL, pending_until = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  booking_id = CAST(? AS bigint) AND status = 'PROCESSING' AND ask_at IS NOT NULL
-- takes: @booking_id
