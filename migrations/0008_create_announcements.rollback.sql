ALTER TABLE outbox DROP CONSTRAINT df_outbox_locale;
ALTER TABLE outbox DROP COLUMN locale;
ALTER TABLE outbox DROP CONSTRAINT df_outbox_announcement_id;
ALTER TABLE outbox DROP COLUMN announcement_id;
DROP TABLE leases;
DROP TABLE announcements;
