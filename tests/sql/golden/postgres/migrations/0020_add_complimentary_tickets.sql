ALTER TABLE bookings
ADD COLUMN given_by bigint NULL;
