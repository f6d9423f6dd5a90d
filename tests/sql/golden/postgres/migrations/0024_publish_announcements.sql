ALTER TABLE announcements
  ADD COLUMN to_publish smallint NOT NULL DEFAULT 0 CONSTRAINT ck_announcements_to_publish_is_bit CHECK (to_publish IN (0, 1));
CREATE INDEX ix_announcements_to_publish ON announcements(id) INCLUDE (available_at)
WHERE
  to_publish = 1;
INSERT INTO leases (
  name
)
VALUES
  ('relay');
ALTER TABLE outbox
ADD COLUMN request_id varchar(64) NULL;
