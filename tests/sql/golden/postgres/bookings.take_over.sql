UPDATE bookings SET user_id = CAST(? AS bigint)
WHERE
  contact_email_folded = CAST(? AS varchar)
  AND user_id <> CAST(? AS bigint)
  AND EXISTS(
    SELECT
      1
    FROM users AS u
    WHERE
      u.id = bookings.user_id AND u.is_guest = 1
  )
RETURNING id
-- takes: @user_id, @email_folded, @user_id
