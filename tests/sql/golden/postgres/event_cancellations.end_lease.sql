UPDATE event_cancellations SET leased_until = NULL, lease_token = NULL, finished_at = CASE
  WHEN EXISTS(
    SELECT
      1
    FROM bookings
    WHERE
      event_id = CAST(? AS bigint) AND status IN ('PENDING', 'CONFIRMED')
  )
  THEN NULL
  ELSE CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
END
WHERE
  event_id = CAST(? AS bigint) AND finished_at IS NULL AND lease_token = CAST(? AS varchar)
-- takes: @event_id, @event_id, @token
