SELECT
  e.id,
  e.rating_count,
  e.rating_sum
FROM events AS e
LEFT JOIN (
  SELECT
    event_id,
    COUNT(*) AS reviews,
    SUM(rating) AS ratings
  FROM reviews
  GROUP BY
    event_id
) AS sums
  ON sums.event_id = e.id
WHERE
  e.rating_count <> COALESCE(sums.reviews, 0) OR e.rating_sum <> COALESCE(sums.ratings, 0)
ORDER BY
  e.id
LIMIT CAST(? AS integer)
-- takes: @limit
