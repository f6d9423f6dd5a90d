INSERT INTO event_pictures (
  event_id,
  sha256,
  webp,
  jpeg
)
VALUES
  (CAST(? AS bigint), CAST(? AS varchar), CAST(? AS bytea), CAST(? AS bytea))
-- takes: @event_id, @sha256, @webp, @jpeg
