ALTER TABLE booking_lines
ADD CONSTRAINT ck_booking_lines_whole CHECK (cancelled = 0);
ALTER TABLE booking_lines
DROP CONSTRAINT ck_booking_lines_whole;
ALTER TABLE venues
DROP CONSTRAINT fk_venues_owner;
ALTER TABLE venues
DROP COLUMN owner_id;
ALTER TABLE booking_lines
DROP CONSTRAINT ck_booking_lines_refund_due;
ALTER TABLE booking_lines
DROP CONSTRAINT ck_booking_lines_cancelled;
ALTER TABLE booking_lines ALTER COLUMN refund_due DROP DEFAULT;
ALTER TABLE booking_lines
DROP COLUMN refund_due;
ALTER TABLE booking_lines ALTER COLUMN refund_percents DROP DEFAULT;
ALTER TABLE booking_lines
DROP COLUMN refund_percents;
ALTER TABLE booking_lines ALTER COLUMN cancelled DROP DEFAULT;
ALTER TABLE booking_lines
DROP COLUMN cancelled;
ALTER TABLE booking_lines
DROP COLUMN name;
ALTER TABLE events ALTER COLUMN moved_up_to DROP DEFAULT;
ALTER TABLE events
DROP COLUMN moved_up_to;
ALTER TABLE bookings
DROP COLUMN promised_starts_at;
ALTER TABLE bookings
DROP COLUMN refund_none_hours;
ALTER TABLE bookings
DROP COLUMN refund_percent;
ALTER TABLE bookings
DROP COLUMN refund_full_hours;
