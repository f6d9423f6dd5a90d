UPDATE booking_lines SET cancelled = cancelled + CAST(? AS integer), refund_percents = refund_percents + CAST(? AS integer), refund_due = refund_due + CAST(? AS numeric)
WHERE
  booking_id = CAST(? AS bigint) AND ticket_type_id = CAST(? AS bigint) AND cancelled + CAST(? AS integer) <= quantity
-- takes: @quantity, @percents, @due, @booking_id, @ticket_type_id, @quantity
