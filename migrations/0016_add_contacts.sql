-- Whom a booking's mails go to, what events and people are found by, and what lists show of a description.
-- depends: 0015_add_account_proofs

-- NULL: the account's. The folded columns are what addresses and names are compared by.
ALTER TABLE bookings ADD contact_name NVARCHAR(200) NULL;
ALTER TABLE bookings ADD contact_name_folded NVARCHAR(300) NULL;
ALTER TABLE bookings ADD contact_email NVARCHAR(254) NULL;
ALTER TABLE bookings ADD contact_email_folded NVARCHAR(254) NULL;

CREATE INDEX ix_bookings_contact ON bookings (contact_email_folded, id) WHERE contact_email_folded IS NOT NULL;

-- SQL folds no accents, so a task of BMS fills these in for the rows that are here already, and for those that a
-- process of the release before still writes.
ALTER TABLE users ADD name_folded NVARCHAR(300) NULL;
ALTER TABLE events ADD search_text NVARCHAR(600) NOT NULL CONSTRAINT df_events_search_text DEFAULT '';
ALTER TABLE events ADD excerpt NVARCHAR(300) NOT NULL CONSTRAINT df_events_excerpt DEFAULT '';
ALTER TABLE events ADD search_folded BIT NOT NULL CONSTRAINT df_events_search_folded DEFAULT 0;

-- Till then events are found by the words of their titles.
UPDATE events SET search_text = LOWER(title);

CREATE INDEX ix_users_unfolded ON users (id) WHERE name_folded IS NULL;
CREATE INDEX ix_events_unfolded ON events (id) WHERE search_folded = 0;
CREATE INDEX ix_events_search ON events (status, starts_at, id) INCLUDE (search_text);
