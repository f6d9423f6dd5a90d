UPDATE bookings SET refund_due = refund_due
WHERE
  id = CAST(? AS bigint)
RETURNING id
-- takes: @id
