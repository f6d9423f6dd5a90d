SELECT
  e.id,
  e.version,
  e.status,
  e.currency,
  e.per_user_limit,
  e.requires_confirmed_email,
  e.starts_at,
  e.ends_at,
  e.sales_start,
  e.sales_end,
  u.is_active AS organizer_active,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at,
  tt.id AS ticket_type_id,
  tt.name,
  tt.price,
  tt.available,
  tt.on_sale,
  tt.seated
FROM events AS e
INNER JOIN users AS u
  ON u.id = e.organizer_id
LEFT JOIN ticket_types AS tt
  ON tt.event_id = e.id
WHERE
  e.id IN (CAST(? AS bigint), CAST(? AS bigint))
ORDER BY
  e.id,
  tt.sort_order NULLS FIRST,
  tt.id NULLS FIRST
-- takes: @ids[0], @ids[1]
