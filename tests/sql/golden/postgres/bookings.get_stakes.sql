SELECT
  COUNT(*) AS bookings,
  COUNT(DISTINCT b.user_id) AS people,
  COALESCE(SUM(l.live), 0) AS tickets,
  COALESCE(SUM(p.amount - p.refund_claimed), 0) AS refundable
FROM bookings AS b INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS live
  FROM booking_lines AS bl
  WHERE
    bl.booking_id = b.id
) AS l ON TRUE
LEFT JOIN payments AS p
  ON p.booking_id = b.id AND p.status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED')
WHERE
  b.event_id = CAST(? AS bigint) AND b.status = 'CONFIRMED' AND (
    CAST(? AS bigint) IS NULL OR b.id <= CAST(? AS bigint)
  )
-- takes: @event_id, @up_to, @up_to
