UPDATE bookings SET refund_due = COALESCE(refund_due, 0) + CAST(? AS numeric)
WHERE
  id = CAST(? AS bigint) AND status IN ('CANCELLED', 'EXPIRED')
-- takes: @amount, @id
