-- What buyers were promised when they booked, and single tickets that are cancelled. Whose a venue is.
-- depends: 0012_add_limits

-- The refund rule and the start when the tickets were held. NULL in rows of the release before, while it still runs:
-- then those of the event hold.
ALTER TABLE bookings ADD refund_full_hours INT NULL;
ALTER TABLE bookings ADD refund_percent INT NULL;
ALTER TABLE bookings ADD refund_none_hours INT NULL;
ALTER TABLE bookings ADD promised_starts_at DATETIME2(3) NULL;
UPDATE bookings
SET    refund_full_hours = (SELECT e.refund_full_hours FROM events AS e WHERE e.id = bookings.event_id),
       refund_percent = (SELECT e.refund_percent FROM events AS e WHERE e.id = bookings.event_id),
       refund_none_hours = (SELECT e.refund_none_hours FROM events AS e WHERE e.id = bookings.event_id),
       promised_starts_at = (SELECT e.starts_at FROM events AS e WHERE e.id = bookings.event_id);

-- The last booking when the event moved to another place, or far in time. Bookings up to it may be given back.
ALTER TABLE events ADD moved_up_to BIGINT NOT NULL CONSTRAINT df_events_moved_up_to DEFAULT 0;

-- The name under which the tickets were sold, as a ticket type may be renamed. NULL as above.
ALTER TABLE booking_lines ADD name NVARCHAR(100) NULL;
UPDATE booking_lines
SET    name = (SELECT tt.name FROM ticket_types AS tt WHERE tt.id = booking_lines.ticket_type_id);

-- How many of a line's tickets are cancelled while the booking lives, the sum of the percentages that were due for
-- each, and what was due for them in money.
ALTER TABLE booking_lines ADD cancelled INT NOT NULL CONSTRAINT df_booking_lines_cancelled DEFAULT 0;
ALTER TABLE booking_lines ADD refund_percents INT NOT NULL CONSTRAINT df_booking_lines_refund_percents DEFAULT 0;
ALTER TABLE booking_lines ADD refund_due DECIMAL(15,3) NOT NULL CONSTRAINT df_booking_lines_refund_due DEFAULT 0;
ALTER TABLE booking_lines ADD CONSTRAINT ck_booking_lines_cancelled CHECK (cancelled >= 0 AND cancelled <= quantity);
ALTER TABLE booking_lines ADD CONSTRAINT ck_booking_lines_refund_due CHECK (refund_due >= 0);

-- Who added the venue. NULL where the audit log does not say: then admins alone change it.
ALTER TABLE venues ADD owner_id BIGINT NULL;
UPDATE venues
SET    owner_id = (SELECT MIN(u.id)
                   FROM   audit_log AS a
                   INNER JOIN users AS u ON u.id = a.user_id
                   WHERE  a.subject = 'venue' AND a.action = 'create' AND a.subject_id = venues.id);
ALTER TABLE venues ADD CONSTRAINT fk_venues_owner FOREIGN KEY (owner_id) REFERENCES users (id);
