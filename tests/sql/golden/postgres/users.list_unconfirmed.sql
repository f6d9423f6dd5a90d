SELECT
  id
FROM users
WHERE
  email_folded IS NOT NULL
  AND email_confirmed_at IS NULL
  AND created_at < (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-CAST(? AS integer)) * INTERVAL '1 second')
  AND NOT EXISTS(
    SELECT
      1
    FROM bookings AS b
    WHERE
      b.user_id = users.id AND b.status <> 'EXPIRED'
  )
ORDER BY
  created_at NULLS FIRST,
  id
LIMIT CAST(? AS integer)
-- takes: @seconds, @limit
