SELECT
  c.category_no,
  s.held,
  s.sold,
  s.gross
FROM event_categories AS c INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(CASE WHEN b.status = 'PENDING' THEN bl.quantity ELSE 0 END), 0) AS held,
    COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity - bl.cancelled ELSE 0 END), 0) AS sold,
    COALESCE(
      SUM(
        CASE
          WHEN b.status = 'CONFIRMED' AND b.currency = CAST(? AS varchar)
          THEN (
            bl.quantity - bl.cancelled
          ) * bl.unit_price
          ELSE 0
        END
      ),
      0
    ) AS gross
  FROM event_category_types AS t
  INNER JOIN booking_lines AS bl
    ON bl.ticket_type_id = t.ticket_type_id
  INNER JOIN bookings AS b
    ON b.id = bl.booking_id
  WHERE
    t.event_id = c.event_id AND t.category_no = c.category_no
) AS s ON TRUE
WHERE
  c.event_id = CAST(? AS bigint) AND c.is_standing = 1
-- takes: @currency, @event_id
