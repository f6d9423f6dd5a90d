SELECT
  e.id,
  e.organizer_id,
  u.name AS organizer_name,
  e.venue_id,
  v.name AS venue_name,
  v.location AS venue_location,
  v.city,
  v.country,
  e.address,
  c.slug AS category,
  e.title,
  e.excerpt AS description,
  e.picture,
  e.starts_at,
  e.ends_at,
  e.timezone,
  e.status,
  e.capacity,
  e.currency,
  e.price_from,
  e.sales_start,
  e.sales_end,
  e.per_user_limit,
  e.requires_confirmed_email,
  e.refund_full_hours,
  e.refund_percent,
  e.refund_none_hours,
  e.rating_count,
  e.rating_sum,
  e.version,
  e.created_at,
  e.updated_at,
  CASE
    WHEN s.seated = 0
    THEN s.available
    ELSE s.by_count + (
      SELECT
        COALESCE(SUM(ec.free), 0)
      FROM event_categories AS ec
      WHERE
        ec.event_id = e.id
    )
  END AS available,
  CASE
    WHEN s.seated = 0
    THEN s.offered
    ELSE s.offered_by_count + (
      SELECT
        COALESCE(SUM(ec.free), 0)
      FROM event_categories AS ec
      WHERE
        ec.event_id = e.id
        AND EXISTS(
          SELECT
            1
          FROM event_category_types AS ct
          INNER JOIN ticket_types AS sold_by
            ON sold_by.id = ct.ticket_type_id
          WHERE
            ct.event_id = ec.event_id
            AND ct.category_no = ec.category_no
            AND sold_by.on_sale = 1
            AND sold_by.available > 0
        )
    )
  END AS offered,
  s.sold,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM events AS e
INNER JOIN users AS u
  ON u.id = e.organizer_id
LEFT JOIN venues AS v
  ON v.id = e.venue_id
LEFT JOIN categories AS c
  ON c.id = e.category_id INNER JOIN LATERAL (
  SELECT
    COALESCE(SUM(tt.available), 0) AS available,
    COALESCE(SUM(CASE WHEN tt.seated = 1 THEN 0 ELSE tt.available END), 0) AS by_count,
    COALESCE(SUM(CASE WHEN tt.seated = 1 THEN 1 ELSE 0 END), 0) AS seated,
    COALESCE(SUM(CASE WHEN tt.on_sale = 1 THEN tt.available ELSE 0 END), 0) AS offered,
    COALESCE(SUM(CASE WHEN tt.on_sale = 1 AND tt.seated = 0 THEN tt.available ELSE 0 END), 0) AS offered_by_count,
    COALESCE(SUM(tt.capacity - tt.available), 0) AS sold
  FROM ticket_types AS tt
  WHERE
    tt.event_id = e.id
) AS s ON TRUE
WHERE
  e.organizer_id = CAST(? AS bigint)
  AND e.status IN ('DRAFT', 'PUBLISHED')
  AND NOT (
    COALESCE(e.ends_at, e.starts_at) <= CASE
      WHEN e.ends_at IS NULL
      THEN (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + (-24) * INTERVAL '1 hour')
      ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
    END
  )
  AND e.starts_at >= CAST(? AS timestamp(3))
  AND (
    e.starts_at > CAST(? AS timestamp(3)) OR e.id > CAST(? AS bigint)
  )
ORDER BY
  e.starts_at NULLS FIRST,
  e.id
LIMIT CAST(? AS integer)
-- takes: @organizer_id, @after, @after, @after_id, @limit
