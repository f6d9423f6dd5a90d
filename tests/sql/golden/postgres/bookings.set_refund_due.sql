UPDATE bookings SET refund_allowed = CAST(? AS numeric), refund_due = CAST(? AS numeric)
WHERE
  id = CAST(? AS bigint)
-- takes: @refund_allowed, @refund_due, @id
