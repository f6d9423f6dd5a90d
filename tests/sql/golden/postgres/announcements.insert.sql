INSERT INTO announcements (
  kind,
  subject,
  subject_id,
  payload,
  request_id,
  state,
  available_at,
  to_publish
)
SELECT
  a.kind,
  a.subject,
  a.subject_id,
  a.payload,
  a.request_id,
  a.state,
  (CAST(timezone('utc', statement_timestamp()) AS timestamp(3)) + a.delay * INTERVAL '1 second'),
  CAST(? AS smallint)
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS a(kind varchar, subject varchar, subject_id bigint, payload text, request_id varchar, state varchar, delay integer)
-- takes: @to_publish, @announcements
