UPDATE bookings SET refund_due = CAST(? AS numeric)
WHERE
  id = CAST(? AS bigint)
-- takes: @refund_due, @id
