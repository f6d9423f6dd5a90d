UPDATE leases SET holder = CAST(? AS varchar), leased_until = (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + CAST(? AS integer) * INTERVAL '1 second')
WHERE
  name = CAST(? AS varchar)
  AND (
    holder = CAST(? AS varchar)
    OR holder IS NULL
    OR leased_until < CAST(timezone('utc', statement_timestamp()) AS timestamp(3))
  )
-- takes: @holder, @seconds, @name, @holder
