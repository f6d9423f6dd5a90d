DROP INDEX ix_events_search;
DROP INDEX ix_events_unfolded;
DROP INDEX ix_users_unfolded;
ALTER TABLE events ALTER COLUMN search_folded DROP DEFAULT;
ALTER TABLE events
DROP COLUMN search_folded;
ALTER TABLE events ALTER COLUMN excerpt DROP DEFAULT;
ALTER TABLE events
DROP COLUMN excerpt;
ALTER TABLE events ALTER COLUMN search_text DROP DEFAULT;
ALTER TABLE events
DROP COLUMN search_text;
ALTER TABLE users
DROP COLUMN name_folded;
DROP INDEX ix_bookings_contact;
ALTER TABLE bookings
DROP COLUMN contact_email_folded;
ALTER TABLE bookings
DROP COLUMN contact_email;
ALTER TABLE bookings
DROP COLUMN contact_name_folded;
ALTER TABLE bookings
DROP COLUMN contact_name;
