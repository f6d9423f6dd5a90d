INSERT INTO refusals (
  minute_at,
  address,
  code,
  times
)
SELECT
  r.minute_at,
  r.address,
  r.code,
  0
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS r(minute_at timestamp(3), address varchar, code varchar)
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM refusals AS old
    WHERE
      old.minute_at = r.minute_at AND old.address = r.address AND old.code = r.code
  )
-- takes: @refusals
