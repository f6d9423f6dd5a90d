ALTER TABLE bookings
ADD COLUMN contact_name varchar(200) NULL;
ALTER TABLE bookings
ADD COLUMN contact_name_folded varchar(300) NULL;
ALTER TABLE bookings
ADD COLUMN contact_email varchar(254) NULL;
ALTER TABLE bookings
ADD COLUMN contact_email_folded varchar(254) NULL;
CREATE INDEX ix_bookings_contact ON bookings(contact_email_folded NULLS FIRST, id)
WHERE
  contact_email_folded IS NOT NULL;
ALTER TABLE users
ADD COLUMN name_folded varchar(300) NULL;
ALTER TABLE events
ADD COLUMN search_text varchar(600) NOT NULL DEFAULT '';
ALTER TABLE events
ADD COLUMN excerpt varchar(300) NOT NULL DEFAULT '';
ALTER TABLE events
  ADD COLUMN search_folded smallint NOT NULL DEFAULT 0 CONSTRAINT ck_events_search_folded_is_bit CHECK (search_folded IN (0, 1));
UPDATE events SET search_text = LOWER(title);
CREATE INDEX ix_users_unfolded ON users(id)
WHERE
  name_folded IS NULL;
CREATE INDEX ix_events_unfolded ON events(id)
WHERE
  search_folded = 0;
CREATE INDEX ix_events_search ON events(status NULLS FIRST, starts_at NULLS FIRST, id) INCLUDE (search_text);
