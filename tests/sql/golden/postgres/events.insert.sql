INSERT INTO events (
  organizer_id,
  venue_id,
  address,
  category_id,
  title,
  description,
  starts_at,
  ends_at,
  timezone,
  local_date,
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
  refund_none_hours
)
SELECT
  CAST(? AS bigint),
  CAST(? AS bigint),
  CAST(? AS varchar),
  CAST(? AS bigint),
  CAST(? AS varchar),
  CAST(? AS text),
  CAST(? AS timestamp(3)),
  CAST(? AS timestamp(3)),
  CAST(? AS varchar),
  CAST(? AS date),
  CAST(? AS varchar),
  CAST(? AS integer),
  CAST(? AS varchar),
  CAST(? AS numeric),
  CAST(? AS timestamp(3)),
  CAST(? AS timestamp(3)),
  CAST(? AS integer),
  CAST(? AS smallint),
  CAST(? AS integer),
  CAST(? AS integer),
  CAST(? AS integer)
WHERE
  CAST(? AS timestamp(3)) > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  AND (
    CAST(? AS timestamp(3)) IS NULL OR CAST(? AS timestamp(3)) > CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
RETURNING id
-- takes: @organizer_id, @venue_id, @address, @category_id, @title, @description, @starts_at, @ends_at, @timezone, @local_date, @status, @capacity, @currency, @price_from, @sales_start, @sales_end, @per_user_limit, @requires_confirmed_email, @refund_full_hours, @refund_percent, @refund_none_hours, @starts_at, @sales_end, @sales_end
