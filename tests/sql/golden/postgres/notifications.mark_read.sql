UPDATE notifications SET read_at = COALESCE(read_at, CAST(timezone('utc', statement_timestamp()) AS timestamp(3)))
WHERE
  id = CAST(? AS bigint) AND user_id = CAST(? AS bigint)
RETURNING id, user_id, kind, message, event_id, booking_id, created_at, read_at
-- takes: @id, @user_id
