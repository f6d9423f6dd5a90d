UPDATE bookings SET contact_name = CAST(? AS varchar), contact_name_folded = CAST(? AS varchar), contact_email = CAST(? AS varchar), contact_email_folded = CAST(? AS varchar), locale = CAST(? AS varchar)
WHERE
  id = CAST(? AS bigint)
-- takes: @contact_name, @contact_name_folded, @contact_email, @contact_email_folded, @locale, @id
