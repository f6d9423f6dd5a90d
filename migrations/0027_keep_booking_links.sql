-- Links to bookings that can be ended: the hash of each is a row, and a booking says which of them count.
-- depends: 0026_add_pictures

-- The token itself is in the mail alone. A link works for the address that it was mailed to.
CREATE TABLE booking_links (
    token_hash  NVARCHAR(64) NOT NULL,
    reference   NVARCHAR(16) NOT NULL,
    mailed_to   NVARCHAR(64) NOT NULL, -- a hash of the address
    created_at  DATETIME2(3) NOT NULL CONSTRAINT df_booking_links_created_at DEFAULT SYSUTCDATETIME(),
    -- When the row may go. The event decides whether the link works, as it can be moved.
    expires_at  DATETIME2(3) NOT NULL,
    -- No foreign key: checking one would lock the booking, out of the order of locks.
    CONSTRAINT pk_booking_links PRIMARY KEY (token_hash)
);

CREATE INDEX ix_booking_links_expires ON booking_links (expires_at);

-- Links from before work no more, and neither do those of the release before, which no row is about.
ALTER TABLE bookings ADD links_ended_at DATETIME2(3) NULL;
-- Since when somebody is known to read the mails to the booking's contact: they have opened a link from one.
ALTER TABLE bookings ADD contact_proved_at DATETIME2(3) NULL;

-- The sessions that a booking's links have opened end with these.
CREATE INDEX ix_sessions_booking ON sessions (booking_id) WHERE booking_id IS NOT NULL;

-- A new contact needs a click at the old one.
ALTER TABLE single_use_tokens DROP CONSTRAINT ck_single_use_tokens_purpose;
ALTER TABLE single_use_tokens ADD CONSTRAINT ck_single_use_tokens_purpose
    CHECK (purpose IN ('ADDRESS', 'PASSWORD', 'CONTACT'));
