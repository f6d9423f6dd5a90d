-- Events whose tickets go to confirmed e-mail addresses alone.
-- depends: 0020_add_complimentary_tickets

ALTER TABLE events ADD requires_confirmed_email BIT NOT NULL
    CONSTRAINT df_events_requires_confirmed_email DEFAULT 0;
