SELECT
  e.id,
  CASE
    WHEN f.event_id IS NOT NULL
    AND f.status = e.status
    AND f.sold = s.sold
    AND f.available = s.available
    AND f.rating = CASE
      WHEN e.rating_count > 0
      THEN CAST(TRUNC(CAST(e.rating_sum AS numeric)) AS bigint) * 1000 / e.rating_count
      ELSE 0
    END
    THEN 0
    ELSE 1
  END AS is_stale
FROM events AS e
LEFT JOIN event_figures AS f
  ON f.event_id = e.id AND f.event_id > CAST(? AS bigint) INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(tt.capacity - tt.available), 0) AS sold,
    COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS available
  FROM ticket_types AS tt
  WHERE
    tt.event_id = e.id
) AS s ON TRUE
WHERE
  e.id > CAST(? AS bigint)
ORDER BY
  e.id
LIMIT CAST(? AS integer)
-- takes: @after, @after, @limit
