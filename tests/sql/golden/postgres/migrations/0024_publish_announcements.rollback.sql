ALTER TABLE outbox
DROP COLUMN request_id;
DELETE FROM leases
WHERE
  name = 'relay';
DROP INDEX ix_announcements_to_publish;
ALTER TABLE announcements ALTER COLUMN to_publish DROP DEFAULT;
ALTER TABLE announcements
DROP COLUMN to_publish;
