INSERT INTO outbox (
  kind,
  recipient,
  payload,
  dedupe_key
)
VALUES
  (CAST(? AS varchar), CAST(? AS varchar), CAST(? AS text), CAST(? AS varchar))
-- takes: @kind, @recipient, @payload, @dedupe_key
