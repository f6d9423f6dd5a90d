SELECT
  a.user_id,
  a.event_id,
  a.address,
  u.bookings,
  u.quantity,
  n.quantity AS address_quantity,
  x.expired
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(user_id bigint, event_id bigint, address varchar) INNER JOIN LATERAL (
  SELECT
    COUNT(*) AS bookings,
    COALESCE(SUM(b.quantity), 0) AS quantity
  FROM bookings AS b
  WHERE
    b.user_id = a.user_id AND b.event_id = a.event_id AND b.status = 'PENDING'
) AS u ON TRUE INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(b.quantity), 0) AS quantity
  FROM bookings AS b
  WHERE
    b.event_id = a.event_id AND b.address = a.address AND b.status = 'PENDING' AND b.address IS NOT NULL
) AS n ON TRUE INNER JOIN LATERAL (
  SELECT
    COUNT(*) AS expired
  FROM bookings AS b
  WHERE
    b.user_id = a.user_id
    AND b.status = 'EXPIRED'
    AND b.expired_at > (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-1) * INTERVAL '1 hour')
) AS x ON TRUE
-- takes: @asks
