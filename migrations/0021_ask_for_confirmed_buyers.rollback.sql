ALTER TABLE events DROP CONSTRAINT df_events_requires_confirmed_email;
ALTER TABLE events DROP COLUMN requires_confirmed_email;
