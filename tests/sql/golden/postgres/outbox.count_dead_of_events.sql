SELECT
  m.event_id,
  COUNT(*) AS number
FROM (
  SELECT
    CASE WHEN a.subject = 'event' THEN a.subject_id ELSE b.event_id END AS event_id
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
    o.state = 'DEAD' AND o.emptied_at IS NULL
) AS m
WHERE
  m.event_id IN (CAST(? AS bigint), CAST(? AS bigint))
GROUP BY
  m.event_id
-- takes: @event_ids[0], @event_ids[1]
