ALTER TABLE bookings
DROP COLUMN given_by;
