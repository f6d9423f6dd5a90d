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
FROM outbox AS o
LEFT JOIN announcements AS a
  ON a.id = o.announcement_id
LEFT JOIN refunds AS r
  ON a.subject = 'refund' AND r.id = a.subject_id
LEFT JOIN payments AS p
  ON p.id = CASE WHEN a.subject = 'payment' THEN a.subject_id ELSE r.payment_id END
LEFT JOIN bookings AS b
  ON b.id = CASE WHEN a.subject = 'booking' THEN a.subject_id ELSE p.booking_id END
WHERE
  o.id = CAST(? AS bigint)
-- takes: @id
