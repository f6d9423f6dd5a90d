SELECT
  f.event_id AS id
FROM event_figures AS f INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
    COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available
  FROM ticket_types AS tt
  WHERE
    tt.event_id = f.event_id
) AS s ON TRUE
WHERE
  f.status = 'PUBLISHED' AND (
    f.sold <> s.sold OR f.available <> s.available
  )
ORDER BY
  f.sold DESC NULLS LAST,
  f.event_id DESC NULLS LAST
LIMIT CAST(? AS integer)
-- takes: @limit
