ALTER TABLE outbox ALTER COLUMN locale DROP DEFAULT;
ALTER TABLE outbox
DROP COLUMN locale;
ALTER TABLE outbox ALTER COLUMN announcement_id DROP DEFAULT;
ALTER TABLE outbox
DROP COLUMN announcement_id;
DROP TABLE leases;
DROP TABLE announcements;
