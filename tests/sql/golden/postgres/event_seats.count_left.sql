SELECT
  COALESCE(SUM(CASE WHEN kinds % 4 > 0 AND state = 0 THEN 1 ELSE 0 END), 0) AS accessible,
  COALESCE(SUM(CASE WHEN kinds % 4 = 0 THEN 1 ELSE 0 END), 0) AS unsold
FROM event_seats
WHERE
  event_id = CAST(? AS bigint) AND state IN (0, 1)
-- takes: @event_id
