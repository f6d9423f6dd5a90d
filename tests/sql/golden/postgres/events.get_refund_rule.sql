SELECT
  status,
  starts_at,
  organizer_id,
  refund_full_hours,
  refund_percent,
  refund_none_hours,
  CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) AS asked_at
FROM events
WHERE
  id = CAST(? AS bigint)
-- takes: @id
