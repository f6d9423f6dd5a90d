UPDATE event_figures SET sold = (
  SELECT
    COALESCE(SUM(tt.capacity - tt.available), 0)
  FROM ticket_types AS tt
  WHERE
    tt.event_id = event_figures.event_id
), available = (
  SELECT
    COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0)
  FROM ticket_types AS tt
  WHERE
    tt.event_id = event_figures.event_id
), status = (
  SELECT
    e.status
  FROM events AS e
  WHERE
    e.id = event_figures.event_id
), rating = (
  SELECT
    CASE
      WHEN e.rating_count > 0
      THEN CAST(TRUNC(CAST(e.rating_sum AS numeric)) AS bigint) * 1000 / e.rating_count
      ELSE 0
    END
  FROM events AS e
  WHERE
    e.id = event_figures.event_id
)
WHERE
  event_id IN (CAST(? AS bigint), CAST(? AS bigint))
-- takes: @event_ids[0], @event_ids[1]
