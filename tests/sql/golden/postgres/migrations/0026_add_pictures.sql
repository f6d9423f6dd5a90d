ALTER TABLE events
ADD COLUMN picture text NULL;
CREATE TABLE event_pictures (
  event_id bigint NOT NULL,
  sha256 varchar(64) NOT NULL,
  webp bytea NOT NULL,
  jpeg bytea NOT NULL,
  created_at timestamp(3) NOT NULL DEFAULT CAST(timezone('utc', statement_timestamp()) AS timestamp(3)),
  CONSTRAINT pk_event_pictures PRIMARY KEY (event_id, sha256),
  CONSTRAINT fk_event_pictures_event FOREIGN KEY (event_id) REFERENCES events (
    id
  )
);
CREATE INDEX ix_event_pictures_sha256 ON event_pictures(sha256 NULLS FIRST);
