ALTER TABLE bookings
ADD COLUMN refund_full_hours integer NULL;
ALTER TABLE bookings
ADD COLUMN refund_percent integer NULL;
ALTER TABLE bookings
ADD COLUMN refund_none_hours integer NULL;
ALTER TABLE bookings
ADD COLUMN promised_starts_at timestamp(3) NULL;
UPDATE bookings SET refund_full_hours = (
  SELECT
    e.refund_full_hours
  FROM events AS e
  WHERE
    e.id = bookings.event_id
), refund_percent = (
  SELECT
    e.refund_percent
  FROM events AS e
  WHERE
    e.id = bookings.event_id
), refund_none_hours = (
  SELECT
    e.refund_none_hours
  FROM events AS e
  WHERE
    e.id = bookings.event_id
), promised_starts_at = (
  SELECT
    e.starts_at
  FROM events AS e
  WHERE
    e.id = bookings.event_id
);
ALTER TABLE events
ADD COLUMN moved_up_to bigint NOT NULL DEFAULT 0;
ALTER TABLE booking_lines
ADD COLUMN name varchar(100) NULL;
UPDATE booking_lines SET name = (
  SELECT
    tt.name
  FROM ticket_types AS tt
  WHERE
    tt.id = booking_lines.ticket_type_id
);
ALTER TABLE booking_lines
ADD COLUMN cancelled integer NOT NULL DEFAULT 0;
ALTER TABLE booking_lines
ADD COLUMN refund_percents integer NOT NULL DEFAULT 0;
ALTER TABLE booking_lines
ADD COLUMN refund_due numeric(15, 3) NOT NULL DEFAULT 0;
ALTER TABLE booking_lines
ADD CONSTRAINT ck_booking_lines_cancelled CHECK (cancelled >= 0 AND cancelled <= quantity);
ALTER TABLE booking_lines
ADD CONSTRAINT ck_booking_lines_refund_due CHECK (refund_due >= 0);
ALTER TABLE venues
ADD COLUMN owner_id bigint NULL;
UPDATE venues SET owner_id = (
  SELECT
    MIN(u.id)
  FROM audit_log AS a
  INNER JOIN users AS u
    ON u.id = a.user_id
  WHERE
    a.subject = 'venue' AND a.action = 'create' AND a.subject_id = venues.id
);
ALTER TABLE venues
ADD CONSTRAINT fk_venues_owner FOREIGN KEY (owner_id) REFERENCES users (
  id
);
