UPDATE bookings SET hold_expires_at = (
  SELECT
    p.held_until
  FROM payments AS p
  WHERE
    p.id = CAST(? AS bigint)
)
WHERE
  id = CAST(? AS bigint)
  AND status = 'PENDING'
  AND EXISTS(
    SELECT
      1
    FROM payments AS p
    WHERE
      p.id = CAST(? AS bigint) AND p.held_until < bookings.hold_expires_at
  )
-- takes: @payment_id, @id, @payment_id
