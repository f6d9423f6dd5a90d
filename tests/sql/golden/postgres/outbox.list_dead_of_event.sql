SELECT
  o.id,
  b.reference,
  o.kind,
  o.recipient,
  o.last_error,
  o.created_at
FROM outbox AS o
INNER JOIN announcements AS a
  ON a.id = o.announcement_id
LEFT JOIN refunds AS r
  ON a.subject = 'refund' AND r.id = a.subject_id
LEFT JOIN payments AS p
  ON p.id = CASE WHEN a.subject = 'payment' THEN a.subject_id ELSE r.payment_id END
LEFT JOIN bookings AS b
  ON b.id = CASE WHEN a.subject = 'booking' THEN a.subject_id ELSE p.booking_id END
WHERE
  o.state = 'DEAD'
  AND o.emptied_at IS NULL
  AND CASE WHEN a.subject = 'event' THEN a.subject_id ELSE b.event_id END = CAST(? AS bigint)
ORDER BY
  o.id DESC
LIMIT CAST(? AS integer)
-- takes: @event_id, @limit
