ALTER TABLE events
  ADD COLUMN requires_confirmed_email smallint NOT NULL DEFAULT 0 CONSTRAINT ck_events_requires_confirmed_email_is_bit CHECK (requires_confirmed_email IN (0, 1));
