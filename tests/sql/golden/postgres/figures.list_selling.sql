SELECT
  e.id,
  e.title,
  SUM(tt.capacity - tt.available) AS taken,
  SUM(tt.available) AS available
FROM (
  SELECT
    latest.event_id,
    COUNT(*) AS bookings
  FROM (
    SELECT
      b.event_id
    FROM bookings AS b
    ORDER BY
      b.id DESC
    LIMIT CAST(? AS integer)
  ) AS latest
  GROUP BY
    latest.event_id
  ORDER BY
    COUNT(*) DESC NULLS LAST,
    latest.event_id NULLS FIRST
  LIMIT CAST(? AS integer)
) AS selling
INNER JOIN events AS e
  ON e.id = selling.event_id
INNER JOIN ticket_types AS tt
  ON tt.event_id = e.id
GROUP BY
  e.id,
  e.title
ORDER BY
  e.id
-- takes: @latest, @limit
