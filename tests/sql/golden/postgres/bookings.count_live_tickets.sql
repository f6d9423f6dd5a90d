SELECT
  p.user_id,
  p.event_id,
  l.quantity
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS p(user_id bigint, event_id bigint) INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(bl.quantity - bl.cancelled), 0) AS quantity
  FROM bookings AS b
  INNER JOIN booking_lines AS bl
    ON bl.booking_id = b.id
  WHERE
    b.user_id = p.user_id AND b.event_id = p.event_id AND b.status IN ('PENDING', 'CONFIRMED')
) AS l ON TRUE
-- takes: @pairs
