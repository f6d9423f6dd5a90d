UPDATE booking_lines SET seats = CAST(? AS text)
WHERE
  booking_id = CAST(? AS bigint) AND ticket_type_id = CAST(? AS bigint)
-- takes: @seats, @booking_id, @ticket_type_id
