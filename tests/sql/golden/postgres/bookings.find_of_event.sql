SELECT
  page.id
FROM (
  SELECT
    pending.id
  FROM (
    SELECT
      id
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint) AND status = 'PENDING' AND id < CAST(? AS bigint)
    ORDER BY
      id DESC
    LIMIT CAST(? AS integer)
  ) AS pending
  UNION ALL
  SELECT
    confirmed.id
  FROM (
    SELECT
      id
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint) AND status = 'CONFIRMED' AND id < CAST(? AS bigint)
    ORDER BY
      id DESC
    LIMIT CAST(? AS integer)
  ) AS confirmed
  UNION ALL
  SELECT
    cancelled.id
  FROM (
    SELECT
      id
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint) AND status = 'CANCELLED' AND id < CAST(? AS bigint)
    ORDER BY
      id DESC
    LIMIT CAST(? AS integer)
  ) AS cancelled
  UNION ALL
  SELECT
    expired.id
  FROM (
    SELECT
      id
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint) AND status = 'EXPIRED' AND id < CAST(? AS bigint)
    ORDER BY
      id DESC
    LIMIT CAST(? AS integer)
  ) AS expired
) AS page
ORDER BY
  page.id DESC NULLS LAST
LIMIT CAST(? AS integer)
-- takes: @event_id, @before, @limit, @event_id, @before, @limit, @event_id, @before, @limit, @event_id, @before, @limit, @limit
