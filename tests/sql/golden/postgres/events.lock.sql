SELECT
  id,
  organizer_id,
  venue_id,
  address,
  category_id,
  title,
  description,
  starts_at,
  ends_at,
  timezone,
  status,
  capacity,
  currency,
  price_from,
  sales_start,
  sales_end,
  per_user_limit,
  requires_confirmed_email,
  refund_full_hours,
  refund_percent,
  refund_none_hours,
  version,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM events
WHERE
  id = CAST(? AS bigint)
FOR NO KEY UPDATE OF events
-- takes: @id
