UPDATE bookings SET contact_proved_at = COALESCE(contact_proved_at, CAST(timezone('utc', statement_timestamp()) AS timestamp(3)))
WHERE
  id = CAST(? AS bigint)
  AND user_id = CAST(? AS bigint)
  AND contact_email = CAST(? AS varchar)
  AND (
    links_ended_at IS NULL OR links_ended_at <= CAST(? AS timestamp(3))
  )
-- takes: @id, @user_id, @contact_email, @made_at
