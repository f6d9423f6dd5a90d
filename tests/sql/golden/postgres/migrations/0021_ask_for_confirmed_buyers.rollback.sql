ALTER TABLE events ALTER COLUMN requires_confirmed_email DROP DEFAULT;
ALTER TABLE events
DROP COLUMN requires_confirmed_email;
