SELECT
  o.id,
  o.kind,
  o.recipient,
  o.state,
  o.attempts,
  o.last_error,
  o.created_at,
  o.available_at,
  o.sent_at,
  o.emptied_at,
  b.reference
FROM bookings AS b
INNER JOIN announcements AS a
  ON (
    a.subject = 'booking' AND a.subject_id = b.id
  )
  OR (
    a.subject = 'payment'
    AND a.subject_id IN (
      SELECT
        p.id
      FROM payments AS p
      WHERE
        p.booking_id = b.id
    )
  )
  OR (
    a.subject = 'refund'
    AND a.subject_id IN (
      SELECT
        r.id
      FROM refunds AS r
      INNER JOIN payments AS q
        ON q.id = r.payment_id
      WHERE
        q.booking_id = b.id
    )
  )
INNER JOIN outbox AS o
  ON o.announcement_id = a.id
WHERE
  b.id = CAST(? AS bigint)
ORDER BY
  o.id DESC
LIMIT CAST(? AS integer)
-- takes: @booking_id, @limit
