UPDATE users SET booking_turn = booking_turn + 1
WHERE
  id = CAST(? AS bigint)
-- takes: @id
