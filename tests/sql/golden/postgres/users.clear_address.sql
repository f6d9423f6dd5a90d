UPDATE users SET email = NULL, email_folded = NULL
WHERE
  id = CAST(? AS bigint)
  AND email_folded IS NOT NULL
  AND email_confirmed_at IS NULL
  AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND NOT EXISTS(
    SELECT
      1
    FROM bookings AS b
    WHERE
      b.user_id = users.id AND b.status <> 'EXPIRED'
  )
-- takes: @id, @seconds
