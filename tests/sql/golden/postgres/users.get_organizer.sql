SELECT
  u.name,
  u.email
FROM events AS e
INNER JOIN users AS u
  ON u.id = e.organizer_id
WHERE
  e.id = CAST(? AS bigint)
-- takes: @event_id
