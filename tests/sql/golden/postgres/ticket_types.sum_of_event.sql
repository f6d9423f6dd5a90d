SELECT
  tt.id,
  tt.name,
  tt.price,
  tt.capacity,
  tt.available,
  s.sold,
  s.held,
  s.complimentary,
  s.gross
FROM ticket_types AS tt INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(CASE WHEN b.status = 'CONFIRMED' THEN bl.quantity - bl.cancelled ELSE 0 END), 0) AS sold,
    COALESCE(SUM(CASE WHEN b.status = 'PENDING' THEN bl.quantity ELSE 0 END), 0) AS held,
    COALESCE(
      SUM(
        CASE WHEN b.status = 'CONFIRMED' AND b.given_by IS NOT NULL THEN bl.quantity - bl.cancelled ELSE 0 END
      ),
      0
    ) AS complimentary,
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
  FROM booking_lines AS bl
  INNER JOIN bookings AS b
    ON b.id = bl.booking_id
  WHERE
    bl.ticket_type_id = tt.id
) AS s ON TRUE
WHERE
  tt.event_id = CAST(? AS bigint)
ORDER BY
  tt.sort_order NULLS FIRST,
  tt.id
-- takes: @currency, @event_id
