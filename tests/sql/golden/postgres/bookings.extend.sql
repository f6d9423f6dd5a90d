UPDATE bookings SET hold_expires_at = CASE
  WHEN (hold_expires_at + CAST(? AS integer) * INTERVAL '1 second') < (created_at + CAST(? AS integer) * INTERVAL '1 second')
  THEN (hold_expires_at + CAST(? AS integer) * INTERVAL '1 second')
  ELSE (created_at + CAST(? AS integer) * INTERVAL '1 second')
END
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND hold_expires_at > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND hold_expires_at < (created_at + CAST(? AS integer) * INTERVAL '1 second')
RETURNING id
-- takes: @step, @most, @step, @most, @id, @user_id, @most
