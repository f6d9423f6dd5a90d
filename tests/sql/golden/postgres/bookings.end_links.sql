UPDATE bookings SET links_ended_at = CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
WHERE
  id = CAST(? AS bigint)
-- takes: @id
