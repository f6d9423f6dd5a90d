-- Pictures of events. The event says what its picture shows and which sizes there are, in JSON, and each size has
-- its files here. Both names of a size's files are the digest of its WebP. Two events may have the same picture.
-- depends: 0025_find_events_of_plans

ALTER TABLE events ADD picture NVARCHAR(MAX) NULL;

CREATE TABLE event_pictures (
    event_id   BIGINT NOT NULL,
    sha256     NVARCHAR(64) NOT NULL,
    webp       VARBINARY(MAX) NOT NULL,
    jpeg       VARBINARY(MAX) NOT NULL,
    created_at DATETIME2(3) NOT NULL CONSTRAINT df_event_pictures_created_at DEFAULT SYSUTCDATETIME(),
    CONSTRAINT pk_event_pictures PRIMARY KEY (event_id, sha256),
    CONSTRAINT fk_event_pictures_event FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE INDEX ix_event_pictures_sha256 ON event_pictures (sha256);
