UPDATE leases SET leased_until = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  name = CAST(? AS varchar) AND leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
-- takes: @seconds, @name
