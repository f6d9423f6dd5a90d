UPDATE refusals SET times = refusals.times + r.times
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS r(minute_at timestamp(3), address varchar, code varchar, times integer)
WHERE
  refusals.minute_at = r.minute_at AND refusals.address = r.address AND refusals.code = r.code
-- takes: @refusals
