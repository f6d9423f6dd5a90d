INSERT INTO outbox (
  kind,
  recipient,
  payload,
  dedupe_key
)
SELECT
  m.kind,
  m.recipient,
  m.payload,
  m.dedupe_key
FROM JSONB_TO_RECORDSET(CAST(CAST(? AS text) AS jsonb)) AS m(kind varchar, recipient varchar, payload text, dedupe_key varchar)
-- takes: @mails
