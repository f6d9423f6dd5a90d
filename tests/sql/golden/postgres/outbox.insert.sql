INSERT INTO outbox (
  announcement_id,
  kind,
  recipient,
  payload,
  dedupe_key,
  locale,
  request_id
)
SELECT
  m.announcement_id,
  m.kind,
  m.recipient,
  m.payload,
  m.dedupe_key,
  m.locale,
  m.request_id
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS m(announcement_id bigint, kind varchar, recipient varchar, payload text, dedupe_key varchar, locale varchar, request_id varchar)
WHERE
  NOT EXISTS(
    SELECT
      1
    FROM outbox AS o
    WHERE
      o.dedupe_key = m.dedupe_key
  )
-- takes: @mails
